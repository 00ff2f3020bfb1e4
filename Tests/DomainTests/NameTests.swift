import Domain
import FoundationEssentials
import Testing

@Suite("Names")
struct NameTests {
    @Test(
        "plain addresses are taken",
        arguments: ["ada@example.com", "a.b+c@sub.example.org", "ünïcode@exämple.de", "o'hara@example.ie"])
    func takesAddress(text: String) {
        #expect(EmailAddress(text)?.text == text)
    }

    @Test(
        "what could be read as two addresses, or as a header, is refused",
        arguments: [
            "", "ada", "@example.com", "ada@", "a@b@example.com", "ada@example", "ada@example.com,eve@example.com",
            "ada@example.com\r\nBcc: eve@example.com", "\"a b\"@example.com", "ada @example.com", ".ada@example.com",
            "ada.@example.com", "a..b@example.com", "ada@example.com.", "ada@-example.com", "ada@exa\u{200B}mple.com",
            "ａ＠b@example.com", "a@example．com.x",
            "a@example.c／om", "a@ex𝒶mple.com",
            String(repeating: "a", count: 65) + "@example.com", "a@" + String(repeating: "b.", count: 130) + "com",
        ])
    func refusesAddress(text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test("a username can't be mistaken for an address", arguments: ["ada@x", "", "-ada", ".ada", "a b", "a\u{0}"])
    func refusesUsername(text: String) {
        #expect(Username(text) == nil)
    }

    @Test("usernames of any script are taken", arguments: ["ada", "ada_l.7-x", "ada1", "анна", "愛"])
    func takesUsername(text: String) {
        #expect(Username(text)?.text == text)
    }

    @Test("an id sorts by its time, says its version and reads back")
    func identifiers() {
        var random = SystemRandomNumberGenerator()
        let early = UUID.v7(at: Date(timeIntervalSince1970: 1_000_000), using: &random)
        let late = UUID.v7(at: Date(timeIntervalSince1970: 1_000_000.001), using: &random)
        #expect(early.text < late.text)
        #expect(early.text.dropFirst(14).first == "7")
        #expect("89ab".contains(early.text.dropFirst(19).first ?? "0"))
        #expect(UUID(uuidString: early.text) == early)
        #expect(early.text == early.uuidString.lowercased())
    }
}
