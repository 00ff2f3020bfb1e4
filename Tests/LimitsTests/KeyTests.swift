import Testing

@testable import Limits

@Suite struct KeyTests {
    @Test(
        "SipHash agrees with OpenSSL's",
        arguments: [
            (8, 0x61F5_5862_BAA9_623B, 0xB497_14F3_64E2_830F),
            (9, 0xABBA_D90A_0699_4426, 0xED71_6DBB_028B_7FC4),
            (15, 0x11A8_B033_99E9_9354, 0xD9C3_CF97_0FEC_087E),
            (16, 0xBB54_B067_CAA4_E26E, 0x7705_2385_BF15_33FD),
            (23, 0xE0F5_A9D5_DD84_D1C9, 0x1C69_BF9A_9AE2_8CCF),
            (64, 0x3FCD_D4C0_7D07_AF1E, 0x4BA7_5836_384D_AD8C),
        ] as [(Int, UInt64, UInt64)])
    func sipHash(_ length: Int, _ low: UInt64, _ high: UInt64) {
        let hasher = SipHash(key0: 0x0706_0504_0302_0100, key1: 0x0F0E_0D0C_0B0A_0908)
        let text = String(decoding: (8..<UInt8(length)), as: UTF8.self)
        let value = hasher.hash(0x0706_0504_0302_0100, text)
        #expect(value.low == low)
        #expect(value.high == high)
    }

    @Test("a key in Redis is the policy's name and half of the subject's SHA-256")
    func redisKey() throws {
        let policy = try RatePolicy("login", quota: 1, per: .seconds(1))
        #expect(Demand(policy, "alice@example.com").redisKey == "gh:rl:login:ff8d9819fc0e12bf0d24892e45987e24")
        #expect(Demand(policy, "").redisKey == "gh:rl:login:e3b0c44298fc1c149afbf4c8996fb924")
    }
}
