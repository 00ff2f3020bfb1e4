package import Crypto

package extension SHA256 {
    /// The hash of one block of memory. `hash(data:)` takes a collection of any kind apart first, which costs as much as
    /// hashing another block.
    static func digest(of bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return hash.finalize()
    }

    /// The hash of an array.
    static func digest(of bytes: [UInt8]) -> SHA256Digest { bytes.withUnsafeBytes { digest(of: $0) } }
}
