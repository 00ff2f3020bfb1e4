import Kit

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
