import FoundationEssentials
import GatehouseTesting
import Glibc
import Testing

@Suite("The route table while in use", .timeLimit(.minutes(2)))
struct RouteReloadTests {
    @Test("a new table counts from SIGHUP on; one with a fault changes nothing, and the log says where the fault is")
    func reload() async throws {
        let file = "/tmp/gatehouse-routes-\(getpid())-\(uniqueName()).json"
        defer { unlink(file) }
        let table = try ChildProcess.run(["cat", "\(RunningSuite.root)/deploy/routes.json"])
        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: file))
        }
        try write(table)
        let suite = try RunningSuite(settings: ["ROUTES_FILE=\(file)"])
        func status() throws -> Int { try suite.gateway.send("GET", "/also-echo").status }
        #expect(try status() == 404)
        let alias = #""aliases": [ { "method": "GET", "path": "/also-echo", "to": "/api/v1/echo" },"#
        try write(table.split(separator: #""aliases": ["#).joined(separator: alias))
        try suite.deploy("service", "reload", "gateway")
        try await eventually { try status() == 200 }
        try write(#"{"routes":[{"prefix":"/a","service":"nobody"}]}"#)
        try suite.deploy("service", "reload", "gateway")
        try await eventually { try suite.logs().contains("routes[0].service must be one of") }
        #expect(try status() == 200)
        #expect(try suite.gateway.send("GET", "/health/readiness").status == 200)
    }
}
