import Testing

/// A text for a table of them, shown escaped and cut short, so that its control characters stay out of the log.
struct AwkwardText: Sendable, ExpressibleByStringLiteral, CustomTestStringConvertible {
    let text: String

    init(stringLiteral text: String) {
        self.text = text
    }

    init(repeating text: String, _ count: Int, then end: String = "") {
        self.text = String(repeating: text, count: count) + end
    }

    var testDescription: String {
        text.unicodeScalars.prefix(40).map { $0.escaped(asASCII: true) }.joined()
    }
}
