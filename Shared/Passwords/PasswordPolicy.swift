/// What a new password must be. No rules of composition unless a tenant asks: they make passwords worse (NIST SP
/// 800-63B-4).
public struct PasswordPolicy: Sendable {
    /// A rule that a password broke.
    public struct Violation: Sendable, Equatable {
        /// The stable word for the rule.
        public let code: String
        /// The rule, for people.
        public let detail: String

        /// A violation of a rule that is kept outside of the policy, such as a history.
        public init(code: String, detail: String) {
            self.code = code
            self.detail = detail
        }
    }

    /// The fewest code points.
    public var minimumLength: Int
    /// The most code points.
    public var maximumLength: Int

    /// How many of lower case, upper case, digits and other characters there must be, 0 to 4.
    public var classes: Int
    /// Passwords that are tried first.
    public var blocked: BlockedPasswords

    /// A policy: 8 to 256 code points of any kind unless told.
    public init(
        minimumLength: Int = 8, maximumLength: Int = 256, classes: Int = 0,
        blocked: BlockedPasswords = BlockedPasswords()
    ) {
        self.minimumLength = minimumLength
        self.maximumLength = maximumLength
        self.classes = classes
        self.blocked = blocked
    }

    /// Every rule that `password` breaks.
    /// - Parameter own: Words the person is known by: name, e-mail, tenant. A password made of one is guessed first.
    public func violations(_ password: Password, own: [String]) -> [Violation] {
        var violations: [Violation] = []
        if password.length < minimumLength {
            violations.append(.init(code: "too_short", detail: "must have at least \(minimumLength) characters"))
        }
        if password.length > maximumLength {
            violations.append(.init(code: "too_long", detail: "must have at most \(maximumLength) characters"))
        }
        if Self.classes(of: password.text) < classes {
            let kinds = "lower case, upper case, digits and other characters"
            violations.append(
                .init(code: "too_few_classes", detail: "must have characters of \(classes) kinds out of \(kinds)"))
        }
        let folded = password.text.lowercased()
        if blocked.contains(password.text) {
            violations.append(.init(code: "password_compromised", detail: "is among the most used passwords"))
        }
        let words = own.map { $0.lowercased() }.filter { $0.unicodeScalars.count >= 4 }
        if words.contains(where: { Self.isMostly($0, of: folded) }) {
            violations.append(
                .init(code: "password_contextual", detail: "must not be made of your own name or address"))
        }
        return violations
    }

    private static func classes(of text: String) -> Int {
        var found: Set<Int> = []
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .lowercaseLetter: found.insert(0)
            case .uppercaseLetter, .titlecaseLetter: found.insert(1)
            case .decimalNumber: found.insert(2)
            default: found.insert(3)
            }
        }
        return found.count
    }

    /// Whether what is left without `word` is too little to protect anything.
    private static func isMostly(_ word: String, of password: String) -> Bool {
        guard password.contains(word) else { return false }
        let rest = password.split(separator: word).joined()
        return rest.unicodeScalars.count < 6
    }
}
