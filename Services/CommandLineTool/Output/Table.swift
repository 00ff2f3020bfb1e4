import Kit

/// A column of a list.
struct Column: Sendable, Equatable {
    /// What stands above it.
    let title: String
    /// The member it shows, members of members behind dots.
    let path: String

    init(_ path: String, _ title: String? = nil) {
        self.path = path
        self.title = title ?? String(path.map { $0 == "_" ? " " : $0 })
    }
}

/// Lists for people on a terminal, and for other programs.
enum Table {
    /// Lines of equal columns under a heading.
    static func aligned(_ rows: [JSONValue], _ columns: [Column]) -> String {
        let cells =
            [columns.map { $0.title.uppercased() }] + rows.map { row in columns.map { cell(row, $0, empty: "-") } }
        return aligned(cells)
    }

    /// Lines without a heading, a tab between cells, nothing filled up.
    static func tabbed(_ rows: [JSONValue], _ columns: [Column]) -> String {
        rows.map { row in columns.map { cell(row, $0, empty: "") }.joined(separator: "\t") + "\n" }.joined()
    }

    /// A thing's members, one below the other; those of its objects behind dots.
    static func details(_ value: JSONValue, isTerminal: Bool) -> String {
        let lines = flattened(value, below: "").map { [$0.name, TerminalText.visible($0.value.words)] }
        guard isTerminal else { return lines.map { $0.joined(separator: "\t") + "\n" }.joined() }
        return aligned(lines.map { [$0[0], $0[1].isEmpty ? "-" : $0[1]] })
    }

    private static func aligned(_ cells: [[String]]) -> String {
        let count = cells.first?.count ?? 0
        let widths = (0..<count).map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }

    private static func cell(_ row: JSONValue, _ column: Column, empty: String) -> String {
        let words = TerminalText.visible(row.value(at: column.path)?.words ?? "")
        return words.isEmpty ? empty : words
    }

    private static func flattened(_ value: JSONValue, below prefix: String) -> [JSONValue.Member] {
        guard case .object(let members) = value else { return [.init(prefix, value)] }
        return members.flatMap { member in
            if case .object(let inner) = member.value, !inner.isEmpty {
                return flattened(member.value, below: prefix + member.name + ".")
            }
            return [JSONValue.Member(prefix + member.name, member.value)]
        }
    }
}
