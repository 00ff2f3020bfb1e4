import Domain
import FoundationEssentials
import Testing

@Suite("Ids as text")
struct UUIDTests {
    @Test(
        "ids are read as UUID reads them",
        arguments: [
            "0198c7a0-1234-7000-8000-0123456789ab", "0198C7A0-1234-7000-8000-0123456789AB", "", "0198c7a0",
            "0198c7a0-1234-7000-8000-0123456789ag", "0198c7a0_1234-7000-8000-0123456789ab",
            "0198c7a01234-7000-8000-0123456789ab-", "0198c7a0-1234-7000-8000-0123456789abc",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ])
    func ids(_ text: String) {
        #expect(UUID(canonical: text) == UUID(uuidString: text))
    }

    @Test(
        "what UUID reads although it is none is not read",
        arguments: [
            "0198c7a0-1234-7000-8000-0123456789+b", "0198c7a0-1234-7000-8000-0123456789 b",
            "0xf8c7a0-1234-7000-8000-0123456789ab", "0198c7a0-1234-7000-8000- 123456789ab",
        ])
    func oddities(_ text: String) {
        #expect(UUID(canonical: text) == nil)
    }
}
