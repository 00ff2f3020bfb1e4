/// A setting without its type, for lists: the table of the manual, the check at start, the search for misspelt names.
public protocol SettingDeclaration: Sendable {
    /// The environment variable's name, `DATABASE_URL` for example. `NAME_FILE` names a file that holds the value.
    var name: String { get }
    /// One sentence on what it does, with its unit.
    var summary: String { get }
    /// Whether the value must never be shown.
    var isSecret: Bool { get }
    /// The text that stands for an absent value; nil when there is none.
    var defaultText: String? { get }
    /// Whether the process refuses to start without it.
    var isRequired: Bool { get }
    /// What a value has to be, to follow "is not": `a whole number between 1 and 65535`.
    var expectation: String { get }

    /// The typed value of `text`, or of an absent one when it is nil; the fault never quotes the text.
    func understood(_ text: String?) throws(SettingFault) -> any Sendable
}

/// One typed setting: its name, meaning, default and how its text is understood.
public struct Setting<Value: Sendable>: SettingDeclaration {
    /// The environment variable's name.
    public let name: String
    /// One sentence on what it does, with its unit.
    public let summary: String
    /// Whether the value must never be shown.
    public let isSecret: Bool
    /// The text that stands for an absent value.
    public let defaultText: String?
    /// Whether the process refuses to start without it.
    public let isRequired: Bool

    let parser: SettingParser<Value>
    /// Yields the value of an absent setting that needs none; nil when absence means the default, or is a fault.
    let absent: (@Sendable () -> Value)?

    /// A setting with a default, written as one would write it in the environment, or a required one when it is nil.
    public init(
        _ name: String, _ parser: SettingParser<Value>, default defaultText: String? = nil, secret: Bool? = nil,
        _ summary: String
    ) {
        self.init(
            name: name, summary: summary, parser: parser, isSecret: secret ?? parser.isSecret,
            defaultText: defaultText, isRequired: defaultText == nil, absent: nil)
    }

    private init(
        name: String, summary: String, parser: SettingParser<Value>, isSecret: Bool, defaultText: String?,
        isRequired: Bool, absent: (@Sendable () -> Value)?
    ) {
        self.name = name
        self.summary = summary
        self.parser = parser
        self.isSecret = isSecret
        self.defaultText = defaultText
        self.isRequired = isRequired
        self.absent = absent
    }

    /// A setting that may be absent: its value is then nil.
    public static func optional<Wrapped: Sendable>(
        _ name: String, _ parser: SettingParser<Wrapped>, secret: Bool? = nil, _ summary: String
    ) -> Setting<Wrapped?> where Value == Wrapped? {
        Setting(
            name: name, summary: summary, parser: parser.map { $0 }, isSecret: secret ?? parser.isSecret,
            defaultText: nil, isRequired: false, absent: { nil })
    }

    /// What a value has to be.
    public var expectation: String { parser.expectation }

    /// The typed value of `text`, or of an absent one when it is nil.
    public func understood(_ text: String?) throws(SettingFault) -> any Sendable {
        if let text = text ?? defaultText { return try parser.parse(text) }
        if let absent { return absent() }
        throw SettingFault("is missing; it has to be \(expectation)")
    }
}
