import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("What operators watch", .timeLimit(.minutes(3)))
struct MetricsTests {
    /// A suite of its own: rate limits are on, and all has happened that makes a series.
    private static let started = Result {
        let suite = try RunningSuite(settings: ["RATE_LIMITS=on"])
        let person = try Person(suite)
        let tokens = try person.login()
        for _ in 0..<3 { _ = try suite.me(tokens.access) }
        _ = try suite.refresh(tokens.refresh)
        _ = try suite.logout(tokens.access)
        return suite
    }

    /// A row of the table in docs/observability.md.
    private struct Documented: Equatable {
        let type: String
        let labels: Set<String>
        let processes: Set<String>
        let help: String
    }

    private static let processes: Set = ["gateway", "identity", "token", "admin"]

    private func documented() throws -> [String: Documented] {
        let text = try String(contentsOfFile: "\(RunningSuite.root)/docs/observability.md", encoding: .utf8)
        var rows: [String: Documented] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { cell in
                cell.filter { $0 != "`" }.split(separator: " ").joined(separator: " ")
            }
            guard cells.count == 5 else { continue }
            func list(_ cell: String) -> Set<String> {
                Set(cell.split(separator: ",").map { String($0.drop { $0 == " " }) })
            }
            rows[cells[0]] = Documented(
                type: cells[1], labels: list(cells[2]), processes: cells[3] == "all" ? Self.processes : list(cells[3]),
                help: cells[4])
        }
        return rows
    }

    private func shown() throws -> [String: Exposition] { try Self.started.get().expositions() }

    @Test("the table in the manual and what the processes show are the same")
    func table() throws {
        let expositions = try shown()
        var shown: [String: Documented] = [:]
        for name in Set(expositions.values.flatMap(\.families.keys)) {
            let holders = expositions.filter { $0.value.families[name] != nil }
            let families = holders.values.compactMap { $0.families[name] }
            shown[name] = Documented(
                type: families[0].type, labels: Set(families.flatMap(\.labels.keys)), processes: Set(holders.keys),
                help: String(families[0].help.dropLast()))
        }
        let documented = try documented()
        #expect(documented.count > 60)
        for name in Set(documented.keys).union(shown.keys).sorted() {
            #expect(documented[name] == shown[name], "\(name)")
        }
    }

    @Test(
        "every metric and label that the dashboard and the alerts name is there",
        arguments: ["dashboard.json", "alerts.yaml"])
    func names(file: String) throws {
        let expositions = Array(try shown().values)
        var text = try String(
            contentsOfFile: "\(RunningSuite.root)/deploy/observability/\(file)", encoding: .utf8)
        text.replace("\\\"", with: "\"")
        var seen = 0
        for match in text.matches(of: /\b((?:gatehouse|process|metrics)_[a-z0-9_]+)(?:\{([^}]*)\})?/) {
            let name = String(match.1)
            let families = expositions.compactMap { shown in shown.family(of: name).flatMap { shown.families[$0] } }
            #expect(!families.isEmpty, "\(name) is not shown by any process")
            seen += 1
            for matcher in (match.2 ?? "").matches(of: /(\w+)(=~|!=|!~|=)"([^"]*)"/) {
                let label = String(matcher.1)
                if ["job", "instance"].contains(label) { continue }
                let values = families.compactMap { $0.labels[label] }
                #expect(!values.isEmpty, "\(name) has no label \(label)")
                if matcher.2 == "=" {
                    #expect(
                        values.contains { $0.contains(String(matcher.3)) } || Self.rare.contains("\(matcher.3)"),
                        "\(name) has no \(label)=\(matcher.3)")
                }
            }
        }
        #expect(seen > 20)
        let labels = Set(expositions.flatMap { $0.families.values.flatMap(\.labels.keys) } + ["job", "instance", "le"])
        for match in text.matches(of: /\bby \(([^)]*)\)/) {
            for label in match.1.split(whereSeparator: { ", ".contains($0) }) {
                #expect(labels.contains(String(label)), "there is no label \(label)")
            }
        }
    }

    /// Values that a label has only when something went wrong.
    private static let rare: Set = ["refused"]

    @Test("each alert has a section in the manual")
    func sections() throws {
        let alerts = try String(
            contentsOfFile: "\(RunningSuite.root)/deploy/observability/alerts.yaml", encoding: .utf8)
        let manual = try String(contentsOfFile: "\(RunningSuite.root)/docs/observability.md", encoding: .utf8)
        let names = alerts.matches(of: /- alert: (\w+)/).map { String($0.1) }
        #expect(names.count > 20)
        for name in names {
            #expect(manual.contains("\n### \(name)\n"), "\(name)")
            #expect(alerts.contains("docs/observability.md#\(name.lowercased())\n"), "\(name)")
        }
    }

    @Test("requests are counted by route and operation, and waiting is measured")
    func counted() async throws {
        let suite = try Self.started.get()
        let before = try suite.expositions()
        let person = try Person(suite)
        let tokens = try person.login()
        #expect(try suite.me(tokens.access).status == 200)
        #expect(try suite.me(tokens.access).status == 200)
        let change = try suite.send(
            "PATCH", "/api/v1/users/me", #"{"display_name":"Ada"}"#, bearer: tokens.access)
        #expect(change.status == 200)
        let after = try suite.expositions()
        func growth(_ process: String, _ series: String) -> Double? {
            guard let first = before[process]?[series], let second = after[process]?[series] else { return nil }
            return second - first
        }
        #expect(growth("identity", #"gatehouse_requests_total{operation="login",status="2xx"}"#) == 1)
        #expect(growth("identity", #"gatehouse_requests_total{operation="register",status="2xx"}"#) == 1)
        // Of several methods of a path each is counted as itself.
        #expect(growth("identity", #"gatehouse_requests_total{operation="changeOwnUser",status="2xx"}"#) == 1)
        #expect(growth("identity", "gatehouse_hash_seconds_count") == 2)
        #expect(growth("identity", "gatehouse_hash_wait_seconds_count") == 2)
        #expect(after["identity"]?["gatehouse_hash_workers_busy"] == 0)
        #expect(growth("gateway", #"gatehouse_token_cache_lookups_total{result="miss"}"#).map { $0 >= 1 } == true)
        #expect(after["gateway"]?["gatehouse_ready"] == 1)
        #expect(growth("identity", "gatehouse_postgres_wait_seconds_count").map { $0 > 0 } == true)
        #expect(
            after["token"]?["gatehouse_postgres_connections_up"]
                == after["token"]?["gatehouse_postgres_connections_wanted"])
        let poll = try #require(after["gateway"]?["gatehouse_events_last_poll_timestamp_seconds"])
        try await eventually {
            let later = try suite.expositions()["gateway"]?["gatehouse_events_last_poll_timestamp_seconds"]
            return later.map { $0 > poll } ?? false
        }
    }

    @Test("the rules are sound, and their own tests pass", .enabled(if: Promtool.path != nil))
    func rules() throws {
        let folder = "\(RunningSuite.root)/deploy/observability"
        let promtool = try #require(Promtool.path)
        _ = try ChildProcess.run([promtool, "check", "rules", "\(folder)/alerts.yaml"])
        _ = try ChildProcess.run([promtool, "check", "config", "\(folder)/prometheus.yaml"])
        _ = try ChildProcess.run([promtool, "test", "rules", "\(folder)/alerts.test.yaml"])
    }
}

/// Prometheus' tool for rules, where the machine has it; GATEHOUSE_TEST_PROMTOOL names it where it is in no usual place.
enum Promtool {
    static let path: String? = {
        let named = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_PROMTOOL"]
        return [named, "/usr/bin/promtool", "/usr/local/bin/promtool"].compactMap { $0 }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }()
}
