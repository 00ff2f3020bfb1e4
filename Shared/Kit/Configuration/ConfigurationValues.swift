/// The settings of a process, all of them read and understood.
public struct ConfigurationValues: Sendable {
    struct Entry: Sendable {
        let value: any Sendable
        let text: String?
        let origin: String
        let isSecret: Bool
    }

    private let entries: [String: Entry]
    private let order: [String]

    /// Sentences for the log: names nobody declared, secrets in a file open to everyone.
    public let warnings: [String]

    init(entries: [String: Entry], order: [String], warnings: [String]) {
        self.entries = entries
        self.order = order
        self.warnings = warnings
    }

    /// The value of a setting that was in the list given to `read`; asking for any other is a mistake in the program.
    public subscript<Value: Sendable>(_ setting: Setting<Value>) -> Value {
        guard let value = entries[setting.name]?.value as? Value else {
            preconditionFailure("\(setting.name) is not in the list of settings that was read")
        }
        return value
    }

    /// Where a setting's value came from: "the environment", a file, "default" or "not set".
    public func origin(of setting: any SettingDeclaration) -> String? { entries[setting.name]?.origin }

    /// One line a setting, `NAME=value (origin)`, in the order of declaration, secrets redacted.
    public var effective: String {
        order.compactMap { name in
            entries[name].map { entry in
                let text = entry.text.map { entry.isSecret ? Secret.redacted : SettingText.shown($0, limit: 4096) }
                return "\(name)=\(text ?? "") (\(entry.origin))"
            }
        }.joined(separator: "\n")
    }
}

extension ConfigurationValues: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The effective settings, secrets redacted.
    public var description: String { effective }
    /// The effective settings, secrets redacted.
    public var debugDescription: String { effective }
    /// A mirror without children, so that `dump` finds no secret's text.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
