/// One setting that needs attention; its text never holds a secret's value.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// The setting's name.
    public let name: String
    /// What is wrong, and where the value came from.
    public let reason: String

    /// A problem of that setting, found by a rule that looks at more than one.
    public init(_ name: String, _ reason: String) {
        self.name = name
        self.reason = reason
    }

    /// `NAME: reason`.
    public var description: String { "\(name): \(reason)" }
}

/// Everything wrong with the configuration, in one error.
public struct ConfigurationProblems: Error, Sendable, Equatable, CustomStringConvertible {
    /// The problems, in the order of the settings' declaration.
    public let problems: [ConfigurationProblem]

    /// An error of those problems.
    public init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// Throws one error that lists every problem, if there is any.
    public static func throwAny(_ problems: [ConfigurationProblem]) throws(ConfigurationProblems) {
        if !problems.isEmpty { throw ConfigurationProblems(problems) }
    }

    /// A line that counts them, then a line each.
    public var description: String {
        let head = problems.count == 1 ? "1 setting needs attention:" : "\(problems.count) settings need attention:"
        return ([head] + problems.map { "  \($0)" }).joined(separator: "\n")
    }
}
