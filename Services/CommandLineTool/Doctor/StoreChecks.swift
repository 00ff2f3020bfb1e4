import FoundationEssentials
import Kit
import Logging
import NIOCore
import NIOPosix
import Redis
import Schema

/// Looks at the stores, where the environment says where they are.
struct StoreChecks {
    let environment: [String: String]

    /// The database and its schema.
    func database() -> [Finding] {
        let subject = "database"
        do throws(Failure) {
            guard let url = try value("DATABASE_MIGRATE_URL", else: "DATABASE_URL") else { return [] }
            let password = try value("DATABASE_MIGRATE_PASSWORD", else: "DATABASE_PASSWORD")
            return [schema(url, password)]
        } catch {
            return [.problem(subject, "\(error).")]
        }
    }

    private func schema(_ url: String, _ password: String?) -> Finding {
        do throws(MigrationError) {
            let migrator = try Migrator(url: url, password: password) { _ in }
            try migrator.check()
            return .ok("database", "The schema is at \(Migration.embedded.last?.title ?? "base"), which is head.")
        } catch {
            // insufficient_privilege: before 0018 the version was for the schema's owner alone.
            guard error.description.contains("42501") else { return .problem("database", "\(error).") }
            return .problem("database", "It answers, but the schema is behind: gatehouse-migrate upgrade head.")
        }
    }

    /// Redis.
    func redis() async -> [Finding] {
        let names = RedisSettings.all.flatMap { [$0.name, $0.name + "_FILE"] }
        guard names.contains(where: { environment.given($0) != nil }) else { return [] }
        let subject = "redis"
        do throws(ConfigurationProblems) {
            let values = try ConfigurationReader(environment: environment).read(RedisSettings.all)
            var configuration = try RedisSettings.configuration(values)
            configuration.commandTimeout = .seconds(3)
            return [await answer(configuration)]
        } catch {
            return error.problems.map { .problem(subject, "\($0).") }
        }
    }

    private func answer(_ configuration: RedisConfiguration) async -> Finding {
        let subject = "redis"
        do throws(RedisError) {
            let client = RedisClient(
                configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
            _ = try await client.send(RedisCommand("PING"))
            return .ok(subject, "Redis answers.")
        } catch {
            switch error {
            case .server(let prefix, let message): return .problem(subject, "Redis refuses: \(prefix) \(message).")
            default: return .problem(subject, "Redis does not answer, or does not take this password.")
            }
        }
    }

    private func value(_ name: String, else other: String) throws(Failure) -> String? {
        if let value = try value(name) { return value }
        return try value(other)
    }

    /// A variable, or what the file holds that its `_FILE` names.
    private func value(_ name: String) throws(Failure) -> String? {
        if let value = environment.given(name) { return value }
        guard let path = environment.given(name + "_FILE") else { return nil }
        return try SecretInput.file(path, as: name + "_FILE")
    }
}
