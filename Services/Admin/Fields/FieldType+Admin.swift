import Kit

extension FieldType where Value == String {
    /// Text of one line: no control characters, which a terminal would act on, and of which Postgres keeps no NUL.
    static func line(_ length: ClosedRange<Int>) -> FieldType<String> {
        .text(length).map(placeholder: "") { text in
            let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            return isPlain
                ? .success(text) : .failure(.init("invalid_character", "must not contain control characters"))
        }
    }
}

extension FieldType where Value == [String] {
    /// A list of at most `limit` different strings that all follow a rule; repetitions are dropped.
    static func list(
        limit: Int, _ rule: String, code: String, _ follows: @escaping @Sendable (String) -> Bool
    ) -> FieldType<[String]> {
        .texts(limit: limit).map(placeholder: []) { texts in
            guard texts.allSatisfy(follows) else { return .failure(.init(code, "each \(rule)")) }
            var distinct: [String] = []
            for text in texts where !distinct.contains(text) { distinct.append(text) }
            return .success(distinct)
        }
    }
}
