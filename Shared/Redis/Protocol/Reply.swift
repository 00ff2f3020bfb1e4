/// What the server answered: a value, or its refusal as ``RedisError/server(prefix:message:)``.
typealias Reply = Result<RedisValue, RedisError>

extension RedisError {
    /// An error answer's text, divided at its first word where that is one of the protocol's capitals.
    init(answer text: String) {
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let isPrefix =
            !words[0].isEmpty
            && words[0].utf8.allSatisfy { byte in
                UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
        self =
            isPrefix
            ? .server(prefix: String(words[0]), message: words.count == 2 ? String(words[1]) : "")
            : .server(prefix: "", message: text)
    }
}
