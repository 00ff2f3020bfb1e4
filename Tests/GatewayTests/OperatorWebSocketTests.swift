import Events
import Foundation
import GatehouseTesting
import Kit
import NIOCore
import Testing

@testable import Gateway

extension FrontTests {
    @Suite("WebSockets to an operator's service", .timeLimit(.minutes(3)))
    struct OperatorWebSocketTests {
        private static let limits = FrontLimits(interval: .milliseconds(50))
        private static let offer = "Upgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
        private static let taken =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: accepted\r\n"

        /// Sends back what comes, in capitals; says good-bye when the caller ends his side.
        private static func echo(_ fields: String = "") async throws -> RawOrigin {
            try await RawOrigin { connection, _ in
                connection.tunnel = { connection.send($0.uppercased()) }
                connection.whenInputEnds = {
                    connection.send("BYE")
                    connection.closeOutput()
                }
                connection.send("\(taken)\(fields)\r\nhello")
            }
        }

        private static func route(
            _ origin: RawOrigin, authentication: RouteTable.Authentication = .none, timeout: TimeAmount = .seconds(10)
        ) -> RouteTable.Route {
            RawOrigin.route([origin.port], authentication: authentication, timeout: timeout) {
                $0.takesWebSockets = true
            }
        }

        private static func open(_ front: TestFront, _ fields: String = "", ahead: String = "") throws -> RawConnection
        {
            let caller = try RawConnection(port: front.port)
            caller.send(
                "GET /orders/feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\(offer)\(fields)\r\n\(ahead)")
            return caller
        }

        @Test("bytes go both ways, and who has ended his side still gets what comes")
        func echo() async throws {
            let origin = try await Self.echo()
            try await withFront(limits: Self.limits, operated: [Self.route(origin)]) { (front: TestFront) throws in
                let caller = try Self.open(front, ahead: "early")
                let answer = caller.read(until: "helloEARLY")
                #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
                #expect(answer.contains("\r\nconnection: upgrade\r\n"))
                #expect(answer.contains("\r\nupgrade: websocket\r\n"))
                #expect(answer.contains("\r\nsec-websocket-accept: accepted\r\n"))
                let head = origin.seen.heads[0]
                #expect(head.contains("\r\nconnection: upgrade\r\n"))
                #expect(head.contains("\r\nupgrade: websocket\r\n"))
                #expect(head.contains("\r\nsec-websocket-key: eA==\r\n"))
                for word in ["one", "two", "three"] {
                    caller.send(word)
                    #expect(caller.read(until: word.uppercased()) == word.uppercased())
                }
                caller.endOutput()
                #expect(caller.readAll() == "BYE")
                while origin.seen.closed == 0 { pause(milliseconds: 5) }
            }
            await origin.stop()
        }

        @Test("one that came over TLS is passed on like any other")
        func overTLS() async throws {
            let files = try CertificateFiles()
            let origin = try await RawOrigin { connection, _ in
                connection.tunnel = { connection.send($0.uppercased()) }
                connection.whenInputEnds = { connection.close() }
                connection.send("\(Self.taken)\r\n")
            }
            try await withFront(
                limits: Self.limits, certificates: files.store(), operated: [Self.route(origin)]
            ) { (front: TestFront) throws in
                let text = try ChildProcess.run([
                    "sh", "-c",
                    "{ printf 'GET /orders/feed HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\n"
                        + "Upgrade: websocket\\r\\nSec-WebSocket-Key: eA==\\r\\n\\r\\nword'; sleep 2; } | timeout 10 "
                        + "openssl s_client -quiet -no_ign_eof -alpn http/1.1 -connect 127.0.0.1:\(front.port) 2>/dev/null",
                ])
                #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
                #expect(text.hasSuffix("\r\n\r\nWORD"))
                #expect(origin.seen.heads[0].contains("\r\nx-forwarded-proto: https\r\n"))
            }
            await origin.stop()
        }

        @Test("an HTTP/2 caller that tries it is refused, each on its own stream, and the connection goes on")
        func overHTTP2() async throws {
            let origin = try await RawOrigin.answering("answer")
            try await withFront(limits: Self.limits, operated: [Self.route(origin)]) { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port)
                // RFC 8441 is not offered, and RFC 9113 section 8.2.2 forbids the fields of HTTP/1.1.
                let extended = [
                    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", "x"),
                    (":path", "/orders/feed"),
                ]
                let old = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "eA==")]
                _ = caller.send(
                    RawHTTP2.beginning + RawHTTP2.request(extended, stream: 1, ends: false)
                        + RawHTTP2.get("/orders/feed", stream: 3, further: old)
                        + RawHTTP2.get("/orders/feed", stream: 5))
                let bytes = caller.readBytes(patience: 1)
                // PROTOCOL_ERROR.
                #expect(RawHTTP2.frames(bytes, type: 3) == [[0, 0, 0, 1], [0, 0, 0, 1]])
                #expect(RawHTTP2.frames(bytes, type: 0) == [Array("answer".utf8)])
                #expect(RawHTTP2.frames(bytes, type: 7).isEmpty)
                #expect(origin.seen.heads.count == 1)
            }
            await origin.stop()
        }

        @Test("an origin that ends its side still gets what the caller sends")
        func originEnds() async throws {
            let origin = try await RawOrigin { connection, _ in
                connection.tunnel = { _ in }
                connection.send("\(Self.taken)\r\n")
                connection.closeOutput()
            }
            try await withFront(limits: Self.limits, operated: [Self.route(origin)]) { (front: TestFront) throws in
                let caller = try Self.open(front)
                #expect(caller.readAll().hasSuffix("\r\n\r\n"))
                caller.send("last words")
                while origin.seen.rest != "last words" { pause(milliseconds: 5) }
                caller.endOutput()
                while origin.seen.closed == 0 { pause(milliseconds: 5) }
            }
            await origin.stop()
        }

        @Test("neither side is read faster than the other one reads")
        func backpressure() async throws {
            let origin = try await RawOrigin { connection, _ in
                connection.tunnel = { _ in }
                connection.send("\(Self.taken)\r\n")
                connection.give(100_000_000)
            }
            try await withFront(operated: [Self.route(origin)]) { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port, buffer: 16 << 10)
                caller.send("GET /orders HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\(Self.offer)\r\n")
                pause(milliseconds: 1000)
                #expect(origin.seen.given < 12 << 20)
                var read = 0
                while read < 100_000_000, let part = caller.read() { read += part.utf8.count }
                #expect(read >= 100_000_000)
            }
            await origin.stop()
        }

        @Test("any other answer than 101 is an ordinary one")
        func refused() async throws {
            let origin = try await RawOrigin.answering("no")
            try await withFront(limits: Self.limits, operated: [Self.route(origin)]) { (front: TestFront) throws in
                let caller = try Self.open(front)
                #expect(caller.read(until: "\r\n\r\nno").hasPrefix("HTTP/1.1 200 "))
                caller.send("GET /orders HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(caller.read(until: "\r\n\r\nno").hasPrefix("HTTP/1.1 200 "))
            }
            await origin.stop()
        }

        @Test("a route that takes none passes the request on without the upgrade")
        func notTaken() async throws {
            let origin = try await RawOrigin.answering("no")
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                #expect(try Self.open(front).read(until: "\r\n\r\nno").hasPrefix("HTTP/1.1 200 "))
                #expect(!origin.seen.heads[0].contains("upgrade"))
            }
            await origin.stop()
        }

        @Test("it needs the route's token, which a page offers as a subprotocol, and which goes no further")
        func token() async throws {
            let origin = try await Self.echo()
            let route = Self.route(origin, authentication: .required)
            try await withFront(limits: Self.limits, operated: [route]) { (front: TestFront) throws in
                #expect(try Self.open(front).read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 401 "))
                let bad = "Sec-WebSocket-Protocol: bearer, nonsense\r\n"
                #expect(try Self.open(front, bad).read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 401 "))
                let token = try TestToken.text()
                let offered = "Sec-WebSocket-Protocol: bearer, \(token), chat, other\r\n"
                let answer = try Self.open(front, offered).read(until: "hello")
                #expect(answer.hasPrefix("HTTP/1.1 101 "))
                #expect(answer.contains("\r\nsec-websocket-protocol: bearer\r\n"))
                let head = origin.seen.heads[0]
                #expect(head.contains("\r\nsec-websocket-protocol: chat, other\r\n"))
                #expect(head.contains("\r\nx-auth-client: app\r\n"))
                #expect(!head.contains(token) && !head.contains("bearer"))
                #expect(origin.seen.heads.count == 1)
            }
            await origin.stop()
        }

        @Test("a subprotocol that the origin has chosen is the one that is answered")
        func chosen() async throws {
            let origin = try await Self.echo("Sec-WebSocket-Protocol: chat\r\n")
            let route = Self.route(origin, authentication: .required)
            try await withFront(limits: Self.limits, operated: [route]) { (front: TestFront) throws in
                let offered = try "Sec-WebSocket-Protocol: bearer, \(TestToken.text()), chat\r\n"
                let answer = try Self.open(front, offered).read(until: "hello")
                #expect(answer.contains("\r\nsec-websocket-protocol: chat\r\n"))
                #expect(!answer.contains("bearer"))
            }
            await origin.stop()
        }

        @Test("a session that ends takes its WebSockets along, and so does the end of a token")
        func revoked() async throws {
            let origin = try await Self.echo()
            let route = Self.route(origin, authentication: .required)
            try await withFront(limits: Self.limits, operated: [route]) { (front: TestFront) throws in
                let (session, other) = (UUID(), UUID())
                let caller = try Self.open(front, TestToken.bearer(session: session) + "\r\n")
                let kept = try Self.open(front, TestToken.bearer(session: other) + "\r\n")
                let short = try Self.open(front, TestToken.bearer(session: other, lifetime: 1) + "\r\n")
                for caller in [caller, kept, short] { #expect(caller.read(until: "hello").hasPrefix("HTTP/1.1 101 ")) }
                front.revocations.insert([session])
                #expect(caller.isClosed(within: 5))
                #expect(short.isClosed(within: 5))
                while origin.seen.closed < 2 { pause(milliseconds: 5) }
                kept.send("still")
                #expect(kept.read(until: "STILL") == "STILL")
            }
            await origin.stop()
        }

        @Test("one on which nothing is said is ended after the route's time, and not while something is")
        func idle() async throws {
            let origin = try await Self.echo()
            let route = Self.route(origin, timeout: .milliseconds(600))
            try await withFront(limits: Self.limits, operated: [route]) { (front: TestFront) throws in
                let caller = try Self.open(front)
                _ = caller.read(until: "hello")
                for _ in 0..<8 {
                    pause(milliseconds: 150)
                    caller.send("x")
                    #expect(caller.read(until: "X") == "X")
                }
                #expect(caller.isClosed(within: 5))
                while origin.seen.closed == 0 { pause(milliseconds: 5) }
            }
            await origin.stop()
        }

        @Test("a caller or an origin that is gone ends the other side")
        func gone() async throws {
            let origin = try await Self.echo()
            try await withFront(limits: Self.limits, operated: [Self.route(origin)]) { (front: TestFront) throws in
                var caller: RawConnection? = try Self.open(front)
                _ = caller?.read(until: "hello")
                caller = nil
                while origin.seen.closed == 0 { pause(milliseconds: 5) }
            }
            await origin.stop()
        }
    }
}
