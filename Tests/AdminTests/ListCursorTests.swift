import Domain
import FoundationEssentials
import Kit
import Testing

@testable import Admin

@Suite("Cursors of lists")
struct ListCursorTests {
    private let list = ["users", "email"]

    @Test("a cursor reads as it was written", arguments: [nil, "ada@example.com", "ü€😀", "a"])
    func roundTrip(key: String?) throws {
        let cursor = ListCursor(after: .v7(), key: key)
        #expect(try ListCursor(cursor.text(list), list: list) == cursor)
    }

    @Test("one that was cut, changed or taken from another list is refused")
    func refused() {
        let text = ListCursor(after: .v7(), key: "ada").text(list)
        var changes = [
            String(text.dropLast()), String(text.dropLast(2)), text + "0", text + "00", text.uppercased() + "0",
        ]
        changes += ["", "x", String(repeating: "0", count: 48), String(text.prefix(48)), text + "zz"]
        for change in changes {
            #expect(throws: Problem.invalidCursor) { try ListCursor(change, list: list) }
        }
        #expect(throws: Problem.invalidCursor) { try ListCursor(text, list: ["users", "-email"]) }
        #expect(throws: Problem.invalidCursor) { try ListCursor(text, list: ["usersemail"]) }
    }
}
