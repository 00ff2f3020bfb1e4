import ArgumentParser
import Testing

@testable import CommandLineTool

@Suite("Things by their names")
struct LookupTests {
    private static let first = "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6071"
    private static let second = "019aa6b1-f3c2-7d00-8a1b-2c3d4e5f6072"

    private func path(_ name: String, _ transport: FakeTransport) throws -> String {
        let client = APIClient(site: try .example(), transport: transport, credentials: GivenToken(text: "t"))
        return try Named<UserKind>.parse([name]).path("/u/{id}/lock", client)
    }

    /// Two pages: who is called ada, and whose name begins so.
    private var people: FakeTransport {
        FakeTransport { request in
            let isFirst = !request.query.contains { $0.name == "cursor" }
            return APIAnswer(
                200,
                isFirst
                    ? #"{"users":[{"id":"\#(Self.second)","email":"ada@example.com.evil","username":"ada2"}],"next_cursor":"c"}"#
                    : #"{"users":[{"id":"\#(Self.first)","email":"Ada@example.com","username":"ada"}],"next_cursor":null}"#
            )
        }
    }

    @Test("an id is taken as it is, without asking")
    func id() throws {
        let transport = FakeTransport { _ in APIAnswer(500) }
        #expect(try path(Self.first.uppercased(), transport) == "/u/\(Self.first)/lock")
        #expect(transport.requests.isEmpty)
    }

    @Test("a name is looked for on every page and has to be the whole name", arguments: ["ada", "ADA@example.com"])
    func name(_ name: String) throws {
        #expect(try path(name, people) == "/u/\(Self.first)/lock")
    }

    @Test("nobody is acted upon who only comes close", arguments: ["ad", "ada@example.co", "nobody"])
    func close(_ name: String) throws {
        let failure = #expect(throws: Failure.self) { try path(name, people) }
        #expect(failure.map { "\($0)" } == "there is no user \(name)")
    }

    @Test("a name of two is refused, and their ids are told")
    func two() throws {
        let transport = FakeTransport { _ in
            APIAnswer(
                200, #"{"users":[{"id":"\#(Self.first)","username":"x"},{"id":"\#(Self.second)","email":"x"}]}"#)
        }
        let failure = #expect(throws: Failure.self) { try path("x", transport) }
        #expect(failure.map { "\($0)".contains(Self.second) } == true)
    }

    @Test("a word of a path leads nowhere else", arguments: [".", ".."])
    func words(_ word: String) throws {
        let client = APIClient(
            site: try .example(), transport: FakeTransport { _ in APIAnswer(204) }, credentials: GivenToken(text: "t"))
        #expect(throws: Failure.self) { try PathWord.parse([word]).path("/p/{name}", client) }
        #expect(try PathWord.parse(["orders:ship"]).path("/p/{name}", client) == "/p/orders:ship")
    }
}
