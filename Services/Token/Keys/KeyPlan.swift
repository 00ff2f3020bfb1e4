import Tokens

/// What has to be done about a tenant's signing keys, decided from what there is: next → active → retired → gone.
enum KeyPlan: Equatable {
    /// The times a key spends in each state.
    struct Schedule: Sendable {
        /// How long a key is in use.
        let rotation: Duration
        /// How long it is published before that.
        let publishAhead: Duration
        /// How long a retired key is kept: what it signed has expired by then.
        static let retirement = Duration.seconds(7200)
    }

    /// A key as the plan sees it.
    struct Key: Equatable {
        let kid: String
        let algorithm: SigningAlgorithm
        /// How long it has been in its state, by the database's clock.
        let age: Duration
    }

    /// Whether somebody asked for a rotation.
    enum Demand {
        case none
        /// A new key, published as long as usual before it is used.
        case soon
        /// A new key, used from now on, and every other one gone: they may be known to others.
        case now
    }

    /// A new key is published.
    case publish(replacing: String?)
    /// The published key is used from now on.
    case activate(String)
    /// A new key is used at once, and all others are gone with the tokens they signed.
    case replace
    /// All is as it should be.
    case nothing

    /// Whether a new key has to be made for it.
    var needsKey: Bool {
        switch self {
        case .publish, .replace: true
        case .activate, .nothing: false
        }
    }

    init(
        active: Key?, next: Key?, algorithm: SigningAlgorithm, schedule: Schedule, demand: Demand = .none
    ) {
        guard let active, demand != .now else {
            self = .replace
            return
        }
        if let next {
            if next.algorithm != algorithm {
                self = .publish(replacing: next.kid)
            } else {
                self = next.age >= schedule.publishAhead ? .activate(next.kid) : .nothing
            }
            return
        }
        let isDue = active.age >= schedule.rotation - schedule.publishAhead
        self = isDue || active.algorithm != algorithm || demand == .soon ? .publish(replacing: nil) : .nothing
    }
}
