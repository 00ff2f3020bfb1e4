/// The cost of scrypt (RFC 7914), within SECURITY 5.1.
struct ScryptCost: Sendable {
    /// The binary logarithm of N, the count of blocks.
    let logarithm: Int
    /// r, the size of a block in units of 128 bytes.
    let blockSize: Int
    /// p, how often all is done.
    let parallelism: Int

    init(logarithm: Int, blockSize: Int, parallelism: Int) throws(Refusal) {
        guard logarithm >= 2, blockSize >= 1, parallelism >= 1 else { throw .malformed }
        guard logarithm <= 17, blockSize <= 8, parallelism <= 4 else { throw .costly }
        self.logarithm = logarithm
        self.blockSize = blockSize
        self.parallelism = parallelism
    }
}
