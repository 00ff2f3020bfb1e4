import Kit

/// Prints what came of a command.
struct Output {
    /// Whether the API's own answer is wanted.
    let json: Bool
    /// Whether a person looks on.
    var isTerminal = StandardStream.output.isTerminal
    var write: (String) -> Void = { StandardStream.output.write($0) }
    var complain: (String) -> Void = { StandardStream.error.write($0) }

    /// Prints one thing: the answer unchanged, or its members.
    func show(_ answer: APIAnswer) throws(Failure) {
        guard let value = try APIClient.json(answer) else { return }
        if json {
            write(String(decoding: answer.body, as: UTF8.self) + "\n")
        } else {
            write(Table.details(value, isTerminal: isTerminal))
        }
    }

    /// Prints JSON that no answer holds as it is.
    func print(json value: JSONValue) { write(JSONText.text(value) + "\n") }

    /// Prints the elements of a list: with JSON as one array.
    func list(_ elements: [JSONValue], _ columns: [Column]) {
        if json {
            print(json: .array(elements))
        } else if isTerminal {
            write(elements.isEmpty ? "none\n" : Table.aligned(elements, columns))
        } else {
            write(Table.tabbed(elements, columns))
        }
    }

    /// Prints a part of a long list as it comes: with JSON an element a line.
    func part(_ elements: [JSONValue], _ columns: [Column]) {
        if json {
            for element in elements { print(json: element) }
        } else {
            write(Table.tabbed(elements, columns))
        }
    }

    /// Says that something was done, to people alone.
    func done(_ sentence: String) {
        if isTerminal, !json { write(TerminalText.visible(sentence) + "\n") }
    }

    /// Says something beside the answer.
    func note(_ sentence: String) { complain("gatehouse: \(TerminalText.visible(sentence))\n") }
}
