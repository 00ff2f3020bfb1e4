import Kit
import NIOCore
import Testing

@testable import Gateway

@Suite("The operator's upstreams in the route table")
struct OperatorRouteFileTests {
    private func parse(
        _ upstreams: String, _ route: String, keeping: [OperatorUpstream] = []
    ) throws -> RouteTable {
        try RouteTableFile.parse(
            Array(#"{"upstreams":{\#(upstreams)},"routes":[{"prefix":"/o",\#(route)}]}"#.utf8), services: ["one"],
            keeping: keeping)
    }

    private static let orders = #""orders":{"url":"http://10.0.0.5:9000/v1/"}"#

    @Test("a route with all that can be said of it")
    func whole() throws {
        let table = try parse(
            #""orders":{"urls":["http://a:1","http://b"],"connections":7,"connect_timeout_seconds":3}"#,
            #"""
            "service":"orders","auth":"required","roles":["A","B"],"scopes":["x"],"strip_prefix":true,
            "websocket":true,"host":"keep","authorization":"keep","body_limit":1000000000
            """#)
        let route = try #require(table.route("/o/1", method: "GET"))
        let rules = try #require(route.operated)
        #expect(rules.upstream.settings.urls.map(\.text) == ["http://a:1", "http://b"])
        #expect(rules.upstream.settings.connections == 7)
        #expect(rules.upstream.settings.connectTimeout == .seconds(3))
        #expect(rules.requirements.roles == ["A", "B"])
        #expect(rules.requirements.scopes == ["x"])
        #expect(rules.stripsPrefix && rules.takesWebSockets && rules.keepsHost && rules.keepsAuthorization)
        #expect(route.timeout == .seconds(60))
        #expect(route.authentication == .required)
    }

    @Test("what is not said has its default")
    func defaults() throws {
        let route = try #require(try parse(Self.orders, #""service":"orders""#).route("/o", method: "GET"))
        let rules = try #require(route.operated)
        #expect(rules.upstream.settings.path == "/v1")
        #expect(rules.upstream.settings.connections == 64)
        #expect(rules.requirements == ForwardAuth.Requirements())
        #expect(!rules.stripsPrefix && !rules.takesWebSockets && !rules.keepsHost && !rules.keepsAuthorization)
        #expect(route.timeout == .seconds(10))
    }

    @Test("an upstream that is the same as before is taken over, another is new")
    func reload() throws {
        let first = try parse(Self.orders, #""service":"orders""#)
        let same = try parse(Self.orders, #""service":"orders","auth":"optional""#, keeping: first.operators)
        #expect(same.operators[0] === first.operators[0])
        let other = try parse(
            #""orders":{"url":"http://10.0.0.6:9000/v1"}"#, #""service":"orders""#, keeping: first.operators)
        #expect(other.operators[0] !== first.operators[0])
    }

    @Test(
        "a fault is told with its place",
        arguments: [
            (#""one":{"url":"http://a"}"#, #""service":"one""#, "upstreams.one has the name of a service of our own"),
            (#""gateway":{"url":"http://a"}"#, #""service":"one""#, "upstreams.gateway has the name"),
            (#""x":{"url":"https://a"}"#, #""service":"x""#, "upstreams.x.url must be a URL such as"),
            (#""x":{"url":"http://a/../b"}"#, #""service":"x""#, "upstreams.x.url must be a URL such as"),
            (#""x":{"url":7}"#, #""service":"x""#, "upstreams.x.url must be a URL such as"),
            (#""x":{"urls":[]}"#, #""service":"x""#, "upstreams.x.urls must be a list of URLs"),
            (#""x":{"urls":["http://a","b"]}"#, #""service":"x""#, "upstreams.x.urls[1] must be a URL such as"),
            (#""x":{"urls":["http://a/1","http://a/2"]}"#, #""service":"x""#, "upstreams.x.urls[1] must have the same"),
            (#""x":{}"#, #""service":"x""#, "upstreams.x must have either url or urls"),
            (#""x":{"url":"http://a","urls":["http://b"]}"#, #""service":"x""#, "upstreams.x must have either"),
            (#""x":{"url":"http://a","conections":1}"#, #""service":"x""#, "upstreams.x.conections is not known"),
            (#""x":{"url":"http://a","connections":0}"#, #""service":"x""#, "upstreams.x.connections must be"),
            (#""x":7"#, #""service":"x""#, "upstreams.x must be an object"),
            (orders, #""service":"other""#, "routes[0].service must be one of one, gateway, orders"),
            (
                orders, #""service":"orders","roles":["A"]"#,
                "routes[0].roles are of the token, so auth must be required"
            ),
            (orders, #""service":"orders","auth":"none","scopes":["a"]"#, "routes[0].scopes are of the token"),
            (orders, #""service":"orders","auth":"optional","roles":["A"]"#, "routes[0].roles are of the token"),
            (
                orders, #""service":"orders","auth":"required","roles":["A B"]"#,
                "routes[0].roles must be a list of words"
            ),
            (orders, #""service":"orders","auth":"required","roles":"A"#, "not JSON"),
            (orders, #""service":"orders","auth":"required","roles":[]"#, "routes[0].roles must be a list of words"),
            (orders, #""service":"orders","strip_prefix":1"#, "routes[0].strip_prefix must be true or false"),
            (orders, #""service":"orders","host":"other"#, "not JSON"),
            (orders, #""service":"orders","host":"other""#, "routes[0].host must be keep"),
            (orders, #""service":"orders","authorization":true"#, "routes[0].authorization must be keep"),
            (orders, #""service":"one","websocket":true"#, "routes[0].websocket is only for routes to the table's"),
            (orders, #""service":"one","roles":["A"],"auth":"required""#, "routes[0].roles is only for routes"),
            (orders, #""service":"one","auth":"optional""#, "routes[0].auth can be optional only for routes"),
        ])
    func faults(upstreams: String, route: String, message: String) {
        let fault = #expect(throws: RouteTableFile.Fault.self) { _ = try parse(upstreams, route) }
        #expect(fault?.description.contains(message) == true, "\(fault?.description ?? "")")
    }
}
