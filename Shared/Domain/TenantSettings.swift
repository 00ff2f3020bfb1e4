/// What a tenant may decide for itself. Only what differs from the defaults is stored, by these names.
public struct TenantSettings: Sendable, Equatable, Decodable {
    /// Who may register.
    public enum Registration: String, Sendable, Decodable, CaseIterable {
        /// Anyone.
        case open
        /// Nobody: users are made by administrators.
        case closed
        /// Whoever has an e-mail address of one of `registrationDomains`.
        case domains
    }

    /// Who may register.
    public var registration = Registration.open
    /// The e-mail domains that may register where `registration` is `domains`, in lower case.
    public var registrationDomains: [String] = []
    /// Whether a registration answers alike for a new address and a taken one, whose owner then gets a mail.
    public var concealsRegistration = false
    /// Whether a user with an e-mail address has to prove it before the first login.
    public var loginNeedsVerifiedEmail = false
    /// How long an access token lives.
    public var accessTokenLifetime = Duration.seconds(900)
    /// How long a session lives without being used.
    public var sessionIdleLifetime = Duration.seconds(7 * 86_400)
    /// How long a session lives at all.
    public var sessionLifetime = Duration.seconds(30 * 86_400)
    /// The most sessions a user may have; the oldest makes room. 0: any number.
    public var maximumSessions = 0
    /// The fewest code points of a new password.
    public var passwordMinimumLength = 8
    /// How many of lower case, upper case, digits and other characters a new password must have, 0 to 4.
    public var passwordClasses = 0
    /// How many former passwords can't be taken again, beside the present one.
    public var passwordHistory = 0
    /// The algorithm tokens are signed with, by its JOSE name.
    public var signingAlgorithm = "ES256"

    /// The longest life an access token can be given: what revocations are remembered for.
    public static let longestAccessTokenLifetime = Duration.seconds(3600)

    /// The algorithms a tenant may choose.
    public static let signingAlgorithms = ["ES256", "EdDSA", "RS256"]

    /// The origins whose pages may call for the tenant, beside those that its clients name.
    public var origins: [String] = []

    /// The defaults.
    public init() {}

    /// The names they are stored by.
    public enum CodingKeys: String, CodingKey, CaseIterable, Sendable {
        case registration
        case registrationDomains = "registration_domains"
        case concealsRegistration = "registration_concealed"
        case loginNeedsVerifiedEmail = "login_requires_verified_email"
        case accessTokenLifetime = "access_token_lifetime_seconds"
        case sessionIdleLifetime = "session_idle_lifetime_seconds"
        case sessionLifetime = "session_lifetime_seconds"
        case maximumSessions = "max_sessions"
        case passwordMinimumLength = "password_minimum_length"
        case passwordClasses = "password_classes"
        case passwordHistory = "password_history"
        case signingAlgorithm = "signing_algorithm"
        case origins = "cors_origins"

        /// The bounds of a setting that is a number.
        public var range: ClosedRange<Int>? {
            switch self {
            case .accessTokenLifetime: 60...3600
            case .sessionIdleLifetime, .sessionLifetime: 60...31_536_000
            case .maximumSessions: 0...1000
            case .passwordMinimumLength: 8...64
            case .passwordClasses: 0...4
            case .passwordHistory: 0...24
            case .registration, .registrationDomains, .concealsRegistration, .loginNeedsVerifiedEmail,
                .signingAlgorithm, .origins:
                nil
            }
        }
    }

    /// Reads what is stored; absent members keep their defaults, and numbers their bounds.
    public init(from decoder: any Decoder) throws {
        self.init()
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys, _ fallback: Int) throws -> Int {
            guard let number = try stored.decodeIfPresent(Int.self, forKey: key) else { return fallback }
            return key.range.map { min(max(number, $0.lowerBound), $0.upperBound) } ?? number
        }
        func seconds(_ key: CodingKeys, _ fallback: Duration) throws -> Duration {
            .seconds(try number(key, Int(fallback.components.seconds)))
        }
        func value<Value: Decodable>(_ key: CodingKeys, _ fallback: Value) throws -> Value {
            try stored.decodeIfPresent(Value.self, forKey: key) ?? fallback
        }
        registration = try value(.registration, registration)
        registrationDomains = try value(.registrationDomains, registrationDomains)
        concealsRegistration = try value(.concealsRegistration, concealsRegistration)
        loginNeedsVerifiedEmail = try value(.loginNeedsVerifiedEmail, loginNeedsVerifiedEmail)
        accessTokenLifetime = try seconds(.accessTokenLifetime, accessTokenLifetime)
        sessionIdleLifetime = try seconds(.sessionIdleLifetime, sessionIdleLifetime)
        sessionLifetime = try seconds(.sessionLifetime, sessionLifetime)
        maximumSessions = try number(.maximumSessions, maximumSessions)
        passwordMinimumLength = try number(.passwordMinimumLength, passwordMinimumLength)
        passwordClasses = try number(.passwordClasses, passwordClasses)
        passwordHistory = try number(.passwordHistory, passwordHistory)
        origins = try value(.origins, origins)
        let algorithm = try value(.signingAlgorithm, signingAlgorithm)
        if Self.signingAlgorithms.contains(algorithm) { signingAlgorithm = algorithm }
    }
}
