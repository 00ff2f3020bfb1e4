import NIOCore
import Testing

@testable import Gateway

@Suite("Routing")
struct RoutingTests {
    @Test(
        "a path that two readers could understand differently is refused",
        arguments: [
            "", "x", "//", "//admin", "/./admin", "/public/../admin", "/..", "/.", "/a/..", "/a/.", "/%2e%2e/admin",
            "/a%2fb", "/a%2Fb", "/a%5cb", "/a\\b", "/a/..;/b", "/a%00", "/a%0d%0aSet-Cookie:x", "/a b", "/a#b", "/a%",
            "/a%2", "/a%zz", "/%252e%252e/", "/a\u{7f}", "/é", "http://evil.example/a", "*", "/a?b c", "/a?b#c",
            "/" + String(repeating: "a", count: 9000),
        ])
    func refuses(target: String) {
        #expect(RequestPath(target) == nil)
    }

    @Test("plain paths pass as they are, with their query apart")
    func accepts() {
        #expect(RequestPath("/")?.path == "/")
        #expect(RequestPath("/a/b.c/d-e_f~g")?.path == "/a/b.c/d-e_f~g")
        #expect(RequestPath("/a/...b")?.path == "/a/...b")
        #expect(RequestPath("/a/?x=1&y=/../")?.query == "?x=1&y=/../")
        #expect(RequestPath("/a%20b")?.path == "/a%20b")
    }

    @Test("a tenant's prefix is taken off")
    func tenant() {
        let path = RequestPath("/t/acme/api/v1/auth/me?x=1")
        #expect(path?.tenant == "acme")
        #expect(path?.path == "/api/v1/auth/me")
        #expect(RequestPath("/t/acme")?.path == "/")
        #expect(RequestPath("/tea")?.tenant == nil)
    }

    private let table = RouteTable(
        routes: [
            .init(prefix: "/", service: "gateway", authentication: .none, bodyLimit: 0, timeout: .seconds(1)),
            .init(prefix: "/a", service: "one", authentication: .none, bodyLimit: 0, timeout: .seconds(1)),
            .init(prefix: "/a/b", service: "two", authentication: .required, bodyLimit: 0, timeout: .seconds(1)),
        ],
        aliases: [
            .init(method: "DELETE", path: "/x/{id}/all", target: "/a/b/{id}/everything", targetMethod: "POST"),
            .init(method: "POST", path: "/login", target: "/a/login", targetMethod: "POST"),
        ])

    @Test("what stands behind the longest prefix does not matter, and may be as long as a path is")
    func deep() {
        let rest = String(repeating: "/a", count: 4000)
        for path in ["/a/b/c", "/a/b/", "/a/b/c/", "/a/b/c/d/e", "/a/b" + rest] {
            #expect(table.route(path, method: "GET")?.service == "two", "\(path.prefix(20))")
        }
        for path in ["/a/", "/a/c", "/a/c/b", "/a/bb/c/d", "/a" + rest] {
            #expect(table.route(path, method: "GET")?.service == "one", "\(path.prefix(20))")
        }
        #expect(table.route("/b" + rest, method: "GET") == nil)
        #expect(table.route("/", method: "GET")?.service == "gateway")
        #expect(RouteTable(routes: [], aliases: []).route("/a", method: "GET") == nil)
    }

    @Test("a prefix may hold one placeholder, and be for one method alone")
    func placeholders() {
        func route(_ prefix: String, _ method: String?, _ service: String) -> RouteTable.Route {
            .init(
                prefix: prefix, method: method, service: service, authentication: .none, bodyLimit: 0,
                timeout: .seconds(1))
        }
        let table = RouteTable(
            routes: [
                route("/o", nil, "all"), route("/o/{id}/i", "POST", "post"), route("/o/i/a", nil, "any"),
                route("/o/i/a", "POST", "one"), route("/o/{id}/a", "DELETE", "gone"), route("/p/{id}", nil, "end"),
            ], aliases: [])
        #expect(table.route("/o/1/i", method: "POST")?.service == "post")
        #expect(table.route("/o/1/i/2", method: "POST")?.service == "post")
        #expect(table.route("/o/1/i", method: "GET")?.service == "all")
        for other in ["/o/1/ii", "/o/1/2/i", "/o//i", "/o/1", "/o/1/x", "/o/i"] {
            #expect(table.route(other, method: "POST")?.service == "all", "\(other)")
        }
        #expect(table.route("/o/i/a", method: "POST")?.service == "one")
        #expect(table.route("/o/i/a", method: "GET")?.service == "any")
        #expect(table.route("/o/i/a", method: "DELETE")?.service == "any")
        #expect(table.route("/o/j/a", method: "DELETE")?.service == "gone")
        #expect(table.route("/p/1/2", method: "GET")?.service == "end")
        #expect(table.route("/p", method: "GET") == nil)
        #expect(table.services == ["all", "post", "any", "one", "gone", "end"])
    }

    @Test("the longest prefix that ends at a segment counts")
    func prefixes() {
        #expect(table.route("/", method: "GET")?.service == "gateway")
        #expect(table.route("/a", method: "GET")?.service == "one")
        #expect(table.route("/a/x", method: "GET")?.service == "one")
        #expect(table.route("/a/b", method: "GET")?.service == "two")
        #expect(table.route("/a/b/c", method: "GET")?.service == "two")
        #expect(table.route("/a/bc", method: "GET")?.service == "one")
        #expect(table.route("/ab", method: "GET") == nil)
        #expect(table.route("/other", method: "GET") == nil)
    }

    @Test("an alias stands for its path, placeholders included, for its method only")
    func aliases() {
        #expect(table.resolve(alias: "/login", method: "POST")?.path == "/a/login")
        #expect(table.resolve(alias: "/login", method: "POST")?.method == "POST")
        #expect(table.resolve(alias: "/login", method: "GET") == nil)
        let all = table.resolve(alias: "/x/7/all", method: "DELETE")
        #expect(all?.path == "/a/b/7/everything")
        #expect(all?.method == "POST")
        #expect(table.resolve(alias: "/x/7/8/all", method: "DELETE") == nil)
    }

    @Test(
        "a bad route table is refused with the place of the fault",
        arguments: [
            ("{", "byte 1"), ("{}", "no routes"), (#"{"routes":[7]}"#, "routes[0] must be an object"),
            (#"{"routes":[{"prefix":"/a/","service":"one"}]}"#, "routes[0].prefix"),
            (#"{"routes":[{"prefix":"/../a","service":"one"}]}"#, "routes[0].prefix"),
            (#"{"routes":[{"prefix":"/o/{id","service":"one"}]}"#, "routes[0].prefix may hold one {placeholder}"),
            (#"{"routes":[{"prefix":"/o/id}","service":"one"}]}"#, "routes[0].prefix may hold one {placeholder}"),
            (#"{"routes":[{"prefix":"/o/{}/i","service":"one"}]}"#, "routes[0].prefix may hold one {placeholder}"),
            (#"{"routes":[{"prefix":"/o/{a}/{b}","service":"one"}]}"#, "routes[0].prefix may hold one {placeholder}"),
            (#"{"routes":[{"prefix":"/o/x{a}","service":"one"}]}"#, "routes[0].prefix may hold one {placeholder}"),
            (#"{"routes":[{"prefix":"/o/{a.b}","service":"one"}]}"#, "routes[0].prefix may hold one {placeholder}"),
            (#"{"routes":[{"prefix":"/o/{a}b","service":"one"}]}"#, "routes[0].prefix may hold one {placeholder}"),
            (#"{"routes":[{"prefix":"/a","service":"one","method":"post"}]}"#, "routes[0].method must be one of GET"),
            (
                #"""
                {"upstreams":{"o":{"url":"http://a:1"}},
                 "routes":[{"prefix":"/o/{id}","service":"o","strip_prefix":true}]}
                """#, "routes[0].strip_prefix can't be"
            ),
            (#"{"routes":[{"prefix":"/a","service":"three"}]}"#, "routes[0].service must be one of one, gateway"),
            (#"{"routes":[{"prefix":"/a","service":"one","auth":"maybe"}]}"#, "routes[0].auth"),
            (#"{"routes":[{"prefix":"/a","service":"one","body_limit":-1}]}"#, "routes[0].body_limit"),
            (#"{"routes":[{"prefix":"/a","service":"one","timeuot":1}]}"#, "routes[0].timeuot is not known"),
            (#"{"routes":[{"prefix":"/","service":"one"}],"aliases":[{"method":"GET"}]}"#, "aliases[0].path"),
        ])
    func faults(text: String, message: String) {
        let fault = #expect(throws: RouteTableFile.Fault.self) {
            try RouteTableFile.parse(Array(text.utf8), services: ["one"])
        }
        #expect(fault?.description.contains(message) == true, "\(fault?.description ?? "")")
    }

    @Test("a bearer token is found whatever the case of its scheme, and nothing else is taken for one")
    func bearer() {
        #expect(BearerToken("Bearer a.b-c_d~e+f/g=") == .token("a.b-c_d~e+f/g="))
        #expect(BearerToken("bearer x") == .token("x"))
        #expect(BearerToken(nil) == .absent)
        #expect(BearerToken("Basic YTpi") == .absent)
        #expect(BearerToken("Bearer") == .malformed)
        #expect(BearerToken("Bearer ") == .malformed)
        #expect(BearerToken("Bearer  x") == .malformed)
        #expect(BearerToken("Bearer \tx") == .malformed)
        #expect(BearerToken("Bearer x y") == .malformed)
    }
}

@Suite("Dates")
struct DateTests {
    @Test(
        "a date is in the form of RFC 9110, in GMT",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 GMT"),
        ])
    func text(second: Int, text: String) {
        #expect(HTTPDate.text(second) == text)
    }
}
