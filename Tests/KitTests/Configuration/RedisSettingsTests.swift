import Kit
import NIOCore
import Redis
import Testing

@Suite("Where Redis is")
struct RedisSettingsTests {
    private func configuration(_ environment: [String: String]) throws -> RedisConfiguration {
        try RedisSettings.configuration(ConfigurationReader(environment: environment).read(RedisSettings.all))
    }

    @Test("sentinels are a list, the name of the primary, and passwords apart")
    func sentinels() throws {
        let configuration = try configuration([
            "REDIS_SENTINELS": "one:5000, two,[::1]:7", "REDIS_SENTINEL_MASTER": "main", "REDIS_PASSWORD": "p",
            "REDIS_SENTINEL_PASSWORD": "s", "REDIS_TIMEOUT": "250ms",
        ])
        #expect(configuration.hosts.map(\.description) == ["one:5000", "two:26379", "[::1]:7"])
        #expect(configuration.masterName == "main")
        #expect(configuration.password == "p")
        #expect(configuration.sentinelPassword == "s")
        #expect(configuration.commandTimeout == .milliseconds(250))
    }

    @Test("a URL goes on to work, also one that names sentinels, with their password")
    func url() throws {
        #expect(try configuration(["REDIS_URL": "redis://a,b:7"]).hosts.map(\.description) == ["a:6379", "b:7"])
        let url = "redis+sentinel://user:p@one/3?master=main"
        let configuration = try configuration(["REDIS_URL": url, "REDIS_SENTINEL_PASSWORD": "s"])
        #expect(configuration.masterName == "main")
        #expect(configuration.database == 3)
        #expect(configuration.sentinelPassword == "s")
    }

    @Test(
        "settings that are missing or do not go together are named, secrets are not shown",
        arguments: [
            ([:], "REDIS_URL: is missing, and so is REDIS_SENTINELS"),
            (
                ["REDIS_URL": "redis://a", "REDIS_SENTINELS": "b", "REDIS_SENTINEL_MASTER": "m"],
                "REDIS_SENTINELS: is set beside REDIS_URL"
            ),
            (["REDIS_SENTINELS": "b"], "REDIS_SENTINEL_MASTER: is missing"),
            (["REDIS_URL": "redis://a", "REDIS_SENTINEL_MASTER": "m"], "REDIS_SENTINEL_MASTER: goes with"),
            (["REDIS_URL": "redis://a", "REDIS_SENTINEL_PASSWORD": "canary"], "REDIS_SENTINEL_PASSWORD: is set, but"),
            (["REDIS_SENTINELS": "a,:7"], "REDIS_SENTINELS: 'a,:7' has a fault: element 2"),
            (["REDIS_URL": "http://canary"], "REDIS_URL: the URL's scheme is not known"),
        ] as [([String: String], String)])
    func problems(environment: [String: String], beginning: String) throws {
        let problems = try #require(throws: ConfigurationProblems.self) { try configuration(environment) }
        #expect(problems.problems.first?.description.hasPrefix(beginning) == true, "\(problems)")
        #expect(!"\(problems)".contains("canary"))
    }
}
