import HTTPTypes
import Kit
import Testing

@Suite("Forms")
struct FormTests {
    @Test(
        "fields are told apart and decoded",
        arguments: [
            ("", []), ("&&", []), ("a=1", ["a", "1"]), ("a=1&b=2&", ["a", "1", "b", "2"]), ("a=&b", []),
            ("a=b=c", ["a", "b=c"]), ("=x", ["", "x"]), ("a%3D+b=%26%2b+%C3%A4", ["a= b", "&+ ä"]),
            ("name=münchen", ["name", "münchen"]), ("a=12345678%39", ["a", "123456789"]),
        ])
    func members(text: String, expected: [String]) throws {
        let members = try Form.members(text.utf8)
        #expect(members.flatMap { [$0.name, $0.value.string ?? "no string"] } == expected)
        // What is not one block of memory.
        #expect(try Form.members(text.utf8.lazy.map { $0 }).map(\.name) == members.map(\.name))
    }

    @Test(
        "what can't be read is refused",
        arguments: ["a=%", "a=%4", "a=%zz", "a=12345678%", "%ff=1", "a=%C3", "a=1&a=2", "a&a", "%61=1&a=2"])
    func refused(text: String) {
        #expect(throws: Problem.self) { try Form.members(text.utf8) }
    }

    @Test("a name that is written in another way is the same, however many there are")
    func repeatedNames() throws {
        for count in [1, 7, 8, 9, 40] {
            let fields = (0..<count).map { "f\($0)é=1" }.joined(separator: "&")
            #expect(try Form.members(fields.utf8).count == count)
            let refusal = #expect(throws: Problem.self) { try Form.members((fields + "&f0e\u{301}=2").utf8) }
            #expect(refusal?.detail == "The parameter f0é stands twice.")
        }
    }

    @Test("bytes that are no UTF-8 are refused, wherever they stand")
    func notUTF8() throws {
        for length in 1...20 {
            for place in 0..<length {
                var value = [UInt8](repeating: UInt8(ascii: "x"), count: length)
                #expect(try Form.decode(value).utf8.count == length)
                value[place] = 0xFF
                #expect(throws: Problem.self) { try Form.decode(value) }
            }
        }
    }

    @Test("a hundred fields are taken, more are not")
    func count() throws {
        let fields = (0..<100).map { "f\($0)=\($0)" }.joined(separator: "&")
        #expect(try Form.members(fields.utf8).count == 100)
        let refusal = #expect(throws: Problem.self) { try Form.members((fields + "&one=more").utf8) }
        #expect(refusal?.status == .badRequest)
        #expect(refusal?.detail?.contains("100") == true)
    }

    @Test("a name has 128 bytes at most, however it is written")
    func longNames() throws {
        #expect(try Form.members((String(repeating: "%61", count: 128) + "=1").utf8).count == 1)
        #expect(throws: Problem.self) { try Form.members((String(repeating: "%61", count: 129) + "=1").utf8) }
    }

    @Test("a plus sign stands for a blank in a form, for itself elsewhere")
    func plus() throws {
        #expect(try Form.decode("a+b".utf8) == "a b")
        #expect(try Form.decode("a+b%20c".utf8, plus: UInt8(ascii: "+")) == "a+b c")
    }
}
