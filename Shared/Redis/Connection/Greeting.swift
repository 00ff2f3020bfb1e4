/// What is said on a new connection before it is used, and how the answers are judged.
struct Greeting {
    private enum Step: String {
        case login, database, name, ping, role
    }

    private let steps: [Step]
    /// Sent in one go.
    let commands: [RedisCommand]

    init(_ configuration: RedisConfiguration) {
        var steps: [(Step, RedisCommand)] = []
        if let password = configuration.password {
            let user = configuration.username.map { [RedisArgument($0)] } ?? []
            steps.append((.login, RedisCommand("AUTH", user + [RedisArgument(password)])))
        }
        if configuration.database != 0 {
            steps.append((.database, RedisCommand("SELECT", [RedisArgument(configuration.database)])))
        }
        steps.append((.name, RedisCommand("CLIENT", ["SETNAME", RedisArgument(configuration.clientName)])))
        // Refused by a server that is still loading, which would tell its role all the same.
        steps.append((.ping, RedisCommand("PING")))
        steps.append((.role, RedisCommand("ROLE")))
        self.steps = steps.map(\.0)
        commands = steps.map(\.1)
    }

    /// Nil where the connection may be used.
    func objection(to replies: [Reply]) -> LinkFailure? {
        for (step, reply) in zip(steps, replies) {
            if let failure = Self.objection(to: reply, at: step) { return failure }
        }
        return nil
    }

    private static func objection(to reply: Reply, at step: Step) -> LinkFailure? {
        switch reply {
        case .failure(let error):
            guard case .server(let prefix, _) = error else { return .protocolViolation }
            switch (step, prefix) {
            case (.login, _), (_, "NOAUTH"): return .loginRefused(prefix: prefix)
            case (_, "LOADING"): return .loading
            case (_, "MASTERDOWN"): return .notPrimary
            // A user who may not ask for the role is not turned away: a replica shows itself by refusing a write.
            case (.name, _), (.ping, "NOPERM"), (.role, _): return nil
            case (.database, _), (.ping, _): return .greetingRefused(step: step.rawValue, prefix: prefix)
            }
        case .success(let value):
            guard step == .role else { return nil }
            return value.array?.first?.string == "master" ? nil : .notPrimary
        }
    }
}
