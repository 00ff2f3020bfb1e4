import Kit
import Synchronization
import Testing

@testable import CommandLineTool

@Suite("What the command line prints")
struct OutputTests {
    private static let rows = [
        #"{"id":"1","email":"ada@example.com","roles":["USER","ADMIN"],"locked":false,"settings":{"max":5}}"#,
        #"{"id":"22","email":null,"roles":[],"locked":true,"settings":{}}"#,
    ]
    private static let columns = [
        Column("id"), Column("email"), Column("roles"), Column("locked", "is locked"), Column("settings.max"),
    ]

    private func rows() throws -> [JSONValue] { try Self.rows.map { try JSONValue($0) } }

    /// An output that is gathered.
    private func printed(json: Bool = false, isTerminal: Bool, _ body: (Output) throws -> Void) rethrows -> String {
        let text = Mutex("")
        try body(Output(json: json, isTerminal: isTerminal, write: { part in text.withLock { $0 += part } }))
        return text.withLock { $0 }
    }

    @Test("a table's columns are as wide as their widest cell, and lines have no blanks at their end")
    func aligned() throws {
        let table = Table.aligned(try rows(), Self.columns)
        #expect(
            table == """
                ID  EMAIL            ROLES        IS LOCKED  SETTINGS.MAX
                1   ada@example.com  USER, ADMIN  no         5
                22  -                -            yes        -

                """)
    }

    @Test("lines for programs have tabs, no heading, and nothing where there is nothing")
    func tabbed() throws {
        #expect(Table.tabbed(try rows(), Self.columns) == "1\tada@example.com\tUSER, ADMIN\tno\t5\n22\t\t\tyes\t\n")
    }

    @Test("one thing is shown member by member, those of its objects behind dots")
    func details() throws {
        let value = try JSONValue(#"{"id":"1","name":null,"settings":{"max":5,"domains":["a.example","b.example"]}}"#)
        #expect(
            Table.details(value, isTerminal: true) == """
                id                1
                name              -
                settings.max      5
                settings.domains  a.example, b.example

                """)
        #expect(
            Table.details(value, isTerminal: false)
                == "id\t1\nname\t\nsettings.max\t5\nsettings.domains\ta.example, b.example\n")
    }

    @Test(
        "a name of others can't steer the terminal, forge a cell or turn the line around",
        arguments: ["\u{1B}[2J", "a\tb", "a\nb", "\u{9B}31m", "\u{202E}cod", "\r", "\u{2028}", "\u{7F}"])
    func hostile(name: String) throws {
        let row = JSONValue.object([.init("name", .string(name))])
        for text in [
            Table.aligned([row], [Column("name")]), Table.tabbed([row], [Column("name")]),
            Table.details(row, isTerminal: true),
        ] {
            #expect(text.contains("\\u{"))
            #expect(text.split(separator: "\n").count <= 2)
            let hidden: Set<UInt32> = [0x1B, 0x09, 0x9B, 0x202E, 0x0D, 0x2028, 0x7F]
            #expect(!text.unicodeScalars.contains { hidden.contains($0.value) })
        }
    }

    @Test("names of all scripts are shown as they are")
    func scripts() {
        let name = "Ünïcode 名前 👩\u{200D}💻 می\u{200C}خواهم"
        #expect(TerminalText.visible(name) == name)
    }

    @Test("JSON of one thing is the answer, byte for byte")
    func unchanged() throws {
        let body = #"{ "b":1.50, "a":"é" }"#
        #expect(try printed(json: true, isTerminal: true) { try $0.show(APIAnswer(200, body)) } == body + "\n")
    }

    @Test("JSON of a list is one array, and of a walk an element a line, numbers and order as they came")
    func lists() throws {
        let elements = [try JSONValue(#"{"b":1.50,"a":1e3}"#), .null]
        #expect(printed(json: true, isTerminal: true) { $0.list(elements, []) } == #"[{"b":1.50,"a":1e3},null]"# + "\n")
        #expect(printed(json: true, isTerminal: false) { $0.part(elements, []) } == #"{"b":1.50,"a":1e3}"# + "\nnull\n")
    }

    @Test("an empty list is said to people and nothing to programs")
    func empty() {
        #expect(printed(isTerminal: true) { $0.list([], [Column("id")]) } == "none\n")
        #expect(printed(isTerminal: false) { $0.list([], [Column("id")]) } == "")
        #expect(printed(json: true, isTerminal: false) { $0.list([], [Column("id")]) } == "[]\n")
    }

    @Test("what was done is said to people alone")
    func done() {
        #expect(printed(isTerminal: true) { $0.done("The user is locked.") } == "The user is locked.\n")
        #expect(printed(isTerminal: false) { $0.done("The user is locked.") } == "")
        #expect(printed(json: true, isTerminal: true) { $0.done("The user is locked.") } == "")
    }
}
