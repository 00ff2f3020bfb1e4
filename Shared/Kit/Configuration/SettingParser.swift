/// Why a setting's text is not a value; never quotes the text, which may be secret.
public struct SettingFault: Error, Sendable, Equatable {
    /// Follows the quoted value, or "the value": `is not a whole number`.
    public let reason: String

    /// A fault with a reason of its own.
    public init(_ reason: String) {
        self.reason = reason
    }
}

/// Understands a setting's text.
public struct SettingParser<Value: Sendable>: Sendable {
    /// What the text has to be, to follow "is not": `a whole number between 1 and 65535`.
    public let expectation: String
    /// Whether values of this kind are secret unless the setting says otherwise.
    public let isSecret: Bool

    private let body: @Sendable (String) throws(SettingFault) -> Value

    /// A parser that tells its own faults.
    public init(
        expectation: String, isSecret: Bool = false,
        _ body: @escaping @Sendable (String) throws(SettingFault) -> Value
    ) {
        self.expectation = expectation
        self.isSecret = isSecret
        self.body = body
    }

    /// A parser for which nil means "is not `expectation`".
    public static func matching(
        _ expectation: String, isSecret: Bool = false, _ body: @escaping @Sendable (String) -> Value?
    ) -> Self {
        Self(expectation: expectation, isSecret: isSecret) { text throws(SettingFault) in
            guard let value = body(text) else { throw SettingFault("is not \(expectation)") }
            return value
        }
    }

    /// Understands `text`, or says why not.
    public func parse(_ text: String) throws(SettingFault) -> Value { try body(text) }

    /// The same texts, made into another type.
    public func map<Other: Sendable>(_ transform: @escaping @Sendable (Value) -> Other) -> SettingParser<Other> {
        let body = self.body
        return SettingParser<Other>(expectation: expectation, isSecret: isSecret) { text throws(SettingFault) in
            transform(try body(text))
        }
    }
}
