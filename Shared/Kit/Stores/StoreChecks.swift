import NIOCore
import Postgres
import Redis

/// How the stores fare, for readiness (failure policy: without Postgres nothing true can be said; without Redis work
/// goes on).
enum StoreChecks {
    static func postgres(_ client: PostgresClient) -> Health.Check {
        Health.Check("postgres") {
            do throws(PostgresError) {
                try await client.ping(deadline: .now() + .seconds(1))
                return .ok
            } catch {
                return .down("no answer")
            }
        }
    }

    static func redis(_ client: RedisClient) -> Health.Check {
        Health.Check("redis") {
            client.isAvailable ? .ok : .degraded("no answer; limits are local and events are polled")
        }
    }
}
