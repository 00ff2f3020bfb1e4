import Octets
package import Crypto
import Domain
package import FoundationEssentials

/// Vouches for short messages that others keep or carry: the first 16 bytes of their HMAC-SHA256 stand behind them.
package struct MessageCode: Sendable {
    /// Bytes of a code.
    package static let length = 16

    /// It has taken in the key: to copy it costs a third of preparing the key again.
    private let prepared: HMAC<SHA256>

    /// Codes under a key that serves no other purpose.
    package init(key: SymmetricKey) {
        prepared = HMAC(key: key)
    }

    /// Puts the code of a message behind it.
    package func append(to message: inout [UInt8]) {
        message += code(of: message)
    }

    /// The message before its code, or nil where the code is none of ours. Takes the same time wherever it is wrong.
    package func message(in bytes: [UInt8]) -> [UInt8]? {
        let message = Array(bytes.dropLast(Self.length))
        return code(of: message).equals(inConstantTime: Array(bytes.suffix(Self.length))) ? message : nil
    }

    private func code(of message: [UInt8]) -> [UInt8] {
        var code = prepared
        code.update(data: message)
        return code.finalize().withUnsafeBytes { Array($0.prefix(Self.length)) }
    }
}

extension [UInt8] {
    /// The eight bytes from there on as a number, the top one first.
    package func integer(at offset: Int) -> UInt64 { self[offset..<(offset + 8)].reduce(0) { $0 << 8 | UInt64($1) } }

    /// The sixteen bytes from there on as an id.
    package func uuid(at offset: Int) -> UUID { UUID(high: integer(at: offset), low: integer(at: offset + 8)) }
}
