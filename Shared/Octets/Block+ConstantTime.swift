/// Comparisons of secrets and their codes: a time that told where two differ would let one be found out byte by byte.
extension UnsafeRawBufferPointer {
    /// Whether both blocks hold the same bytes, in a time that depends on their lengths alone.
    public func equals(inConstantTime other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        var difference: UInt8 = 0
        for index in indices { difference |= self[index] ^ other[index] }
        return difference == 0
    }
}

extension [UInt8] {
    /// Whether both hold the same bytes, in a time that depends on their lengths alone.
    public func equals(inConstantTime other: [UInt8]) -> Bool {
        withUnsafeBytes { one in other.withUnsafeBytes { one.equals(inConstantTime: $0) } }
    }
}
