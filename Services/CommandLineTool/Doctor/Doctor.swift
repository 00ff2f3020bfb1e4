import ArgumentParser
import FoundationEssentials
import Kit

/// Says what is wrong, with a Gatehouse and with the way to it.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what is wrong: address, services, issuer, clocks, login, stores.",
        discussion: """
            The stores are looked at where the environment says where they are: DATABASE_MIGRATE_URL or DATABASE_URL, and \
            REDIS_URL or REDIS_SENTINELS, as the processes take them. Ends with 1 where something is wrong.
            """)

    @OptionGroup var connection: ConnectionOptions

    @MainActor func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let site = try connection.site()
        var findings = RemoteChecks(site: site, transport: connection.transport).findings()
        // A server that does not answer says nothing about a login either.
        if !findings.contains(where: { $0.subject == RemoteChecks.address && $0.state == .problem }) {
            findings.append(LoginCheck.finding(connection))
        }
        findings += StoreChecks(environment: environment).database()
        findings += await StoreChecks(environment: environment).redis()

        let isWell = !findings.contains { $0.state == .problem }
        if connection.json {
            connection.output.print(
                json: .object([.init("ok", .bool(isWell)), .init("findings", .array(findings.map(\.json)))]))
        } else {
            connection.output.list(findings.map(\.json), [Column("state"), Column("subject"), Column("detail")])
        }
        guard isWell else {
            let count = findings.count { $0.state == .problem }
            throw Failure.failed(count == 1 ? "1 thing is wrong" : "\(count) things are wrong")
        }
    }
}
