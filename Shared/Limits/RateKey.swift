import CLibCrypto
import Redis

/// A subject as Redis knows it: half of a SHA-256, the same in all gateways, and of one length whatever the subject.
struct RateKey: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    /// Fetched once: `EVP_sha256` looks for an implementation at each use, which takes as much as the hash. Safe to share as
    /// nobody changes or frees it.
    nonisolated(unsafe) private static let sha256 = EVP_MD_fetch(nil, "SHA256", nil)

    init(subject: String) {
        var subject = subject
        var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let isDone = subject.withUTF8 { bytes in
            withUnsafeMutableBytes(of: &digest) { output in
                EVP_Digest(bytes.baseAddress, bytes.count, output.baseAddress, nil, Self.sha256, nil) == 1
            }
        }
        // Fails only where libcrypto is broken or memory is out; no limit could be kept then.
        precondition(isDone, "libcrypto computes no SHA-256")
        high = UInt64(bigEndian: digest.0)
        low = UInt64(bigEndian: digest.1)
    }

    /// `gh:rl:<policy>:<32 hexadecimal digits>`
    func redisKey(_ policy: RatePolicy) -> RedisArgument {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(7 + policy.name.utf8.count + 32)
        bytes.append(contentsOf: "gh:rl:".utf8)
        bytes.append(contentsOf: policy.name.utf8)
        bytes.append(UInt8(ascii: ":"))
        for word in [high, low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 0x0F
                bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        return .bytes(bytes)
    }
}
