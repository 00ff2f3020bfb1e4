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
        var text = text
        let read = text.withUTF8 { UUID(canonical: UnsafeRawBufferPointer($0)) }
        #expect(read == UUID(uuidString: text))
    }
}
