/// What a tenant may decide for itself. Only what differs from the defaults is stored, by these names.
public struct TenantSettings: Sendable, Equatable, Decodable {
    /// Who may register.
    public enum Registration: String, Sendable, Decodable {
        /// Anyone.
        case open
        /// Nobody: users are made by administrators.
        case closed
    }

    /// Who may register.
    public var registration = Registration.open
    /// How long an access token lives.
    public var accessTokenLifetime = Duration.seconds(900)
    /// How long a session lives without being used.
    public var sessionIdleLifetime = Duration.seconds(7 * 86_400)
    /// How long a session lives at all.
    public var sessionLifetime = Duration.seconds(30 * 86_400)

    /// The longest life an access token can be given: what revocations are remembered for.
    public static let longestAccessTokenLifetime = Duration.seconds(3600)

    /// The defaults.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case registration
        case accessTokenLifetime = "access_token_lifetime_seconds"
        case sessionIdleLifetime = "session_idle_lifetime_seconds"
        case sessionLifetime = "session_lifetime_seconds"
    }

    /// Reads what is stored; absent members keep their defaults, and lifetimes their bounds.
    public init(from decoder: any Decoder) throws {
        self.init()
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        func seconds(_ key: CodingKeys, _ range: ClosedRange<Int>, _ fallback: Duration) throws -> Duration {
            guard let seconds = try stored.decodeIfPresent(Int.self, forKey: key) else { return fallback }
            return .seconds(min(max(seconds, range.lowerBound), range.upperBound))
        }
        registration = try stored.decodeIfPresent(Registration.self, forKey: .registration) ?? registration
        accessTokenLifetime = try seconds(.accessTokenLifetime, 60...3600, accessTokenLifetime)
        sessionIdleLifetime = try seconds(.sessionIdleLifetime, 60...31_536_000, sessionIdleLifetime)
        sessionLifetime = try seconds(.sessionLifetime, 60...31_536_000, sessionLifetime)
    }
}
