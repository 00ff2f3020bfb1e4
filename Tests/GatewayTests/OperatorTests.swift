import Foundation
import GatehouseTesting
import Kit
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway

extension FrontTests {
    @Suite("An operator's own service behind the gateway", .timeLimit(.minutes(3)))
    struct OperatorTests {
        @Test("bodies of 256 MiB pass both ways and leave memory flat")
        func streaming() async throws {
            let size = 256 << 20
            let origin = try await RawOrigin { connection, head in
                if head.hasPrefix("GET") {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                    connection.give(size)
                } else {
                    connection.whenWhole = { connection.send(RawOrigin.answer("taken")) }
                }
            }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                let file = "/tmp/gatehouse-\(getpid())-operator"
                try ChildProcess.run(["truncate", "-s", "256M", file])
                defer { _ = try? ChildProcess.run(["rm", file]) }
                Memory.forgetPeak()
                let before = Memory.now
                let url = "http://127.0.0.1:\(front.port)/orders"
                #expect(try ChildProcess.run(["curl", "-s", "-S", "-X", "POST", "-T", file, url]) == "taken")
                #expect(origin.seen.taken == size)
                let format = "%{http_code} %{size_download}"
                let answer = try ChildProcess.run(["curl", "-s", "-S", "-o", "/dev/null", "-w", format, url])
                #expect(answer == "200 \(size)")
                let more = Memory.peak - before
                print("256 MiB up and down: memory \(before >> 20) MiB before, \(more >> 20) MiB more at its peak")
                #expect(more < 32 << 20)
            }
            await origin.stop()
        }

        @Test("an origin is read no faster than the caller reads")
        func stuckCaller() async throws {
            let origin = try await RawOrigin { connection, _ in
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                connection.give(100_000_000)
            }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port, buffer: 16 << 10)
                caller.send("GET /orders HTTP/1.1\r\nHost: x\r\n\r\n")
                pause(milliseconds: 1000)
                #expect(origin.seen.given < 12 << 20)
                var read = 0
                while read < 100_000_000, let part = caller.read() { read += part.utf8.count }
                #expect(read > 100_000_000)
            }
            await origin.stop()
        }

        @Test("a body of unknown length goes on in chunks, as it comes")
        func chunked() async throws {
            let origin = try await RawOrigin { connection, _ in
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                connection.send("2\r\nde\r\n0\r\nX-Trailer: y\r\n\r\n")
            }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port)
                caller.send("POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
                while !origin.seen.rest.contains("hello") { pause(milliseconds: 5) }
                #expect(origin.seen.heads[0].contains("\r\ntransfer-encoding: chunked\r\n"))
                let answer = caller.readAll(patience: 2)
                #expect(answer.contains("abc"))
                #expect(answer.contains("de"))
                #expect(!answer.contains("X-Trailer") && !answer.contains("x-trailer"))
            }
            await origin.stop()
        }

        @Test("an answer that ends with its connection, an interim one, and those without a body arrive as they are")
        func framings() async throws {
            let origin = try await RawOrigin { connection, head in
                if head.hasPrefix("HEAD") {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")
                } else if head.contains("/none ") {
                    connection.send("HTTP/1.1 204 No Content\r\n\r\n")
                } else if head.contains("/same ") {
                    connection.send("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n")
                } else if head.contains("/interim ") {
                    connection.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + RawOrigin.answer("after"))
                } else {
                    connection.send("HTTP/1.1 200 OK\r\n\r\nuntil the end")
                    connection.close()
                }
            }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                let caller = PlainHTTP(port: front.port)
                #expect(try caller.send("GET", "/orders").body.contains("\r\nuntil the end\r\n"))
                #expect(try caller.send("GET", "/orders/none").status == 204)
                #expect(try caller.send("GET", "/orders/same").status == 304)
                #expect(try caller.send("GET", "/orders/interim").body == "after")
                let raw = try RawConnection(port: front.port)
                raw.send("HEAD /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let head = raw.readAll()
                #expect(head.contains("content-length: 77\r\n") && head.hasSuffix("\r\n\r\n"))
            }
            await origin.stop()
        }

        @Test("a connection is used again; one that was closed meanwhile costs the caller nothing")
        func staleConnection() async throws {
            // Each connection takes one request, and closes when a second comes.
            let origin = try await RawOrigin { connection, _ in
                if connection.requests == 1 {
                    connection.send(RawOrigin.answer("\(connection.number)"))
                } else {
                    connection.close()
                }
            }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port)
                for number in 1...3 {
                    caller.send("GET /orders HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(caller.read(until: "\r\n\r\n\(number)").hasPrefix("HTTP/1.1 200 "))
                }
                // Two of the five were sent in vain.
                #expect(origin.seen.heads.count == 5)
                // What may have been acted on is not sent twice.
                caller.send("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
                #expect(caller.read(until: "}").hasPrefix("HTTP/1.1 502 "))
                #expect(origin.seen.heads.count == 6)
            }
            await origin.stop()
        }

        @Test("a request on a fresh connection that is closed without an answer is sent once")
        func freshConnectionLost() async throws {
            let origin = try await RawOrigin { connection, _ in connection.close() }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders").status == 502)
                #expect(origin.seen.heads.count == 1)
            }
            await origin.stop()
        }

        @Test(
            "an answer that is no HTTP is 502",
            arguments: [
                "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "HTTP/1.1 99 X\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
                "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n",
            ])
        func malformed(answer: String) async throws {
            let origin = try await RawOrigin { connection, _ in connection.send(answer) }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders").status == 502)
                #expect(origin.seen.heads.count == 1)
            }
            await origin.stop()
        }

        @Test("an answer that breaks off is broken off")
        func brokenOff() async throws {
            let origin = try await RawOrigin { connection, _ in
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                connection.close()
            }
            try await withFront(operated: [RawOrigin.route([origin.port])]) { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port)
                caller.send("GET /orders HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(!caller.readAll().contains("0\r\n\r\n"))
            }
            await origin.stop()
        }

        @Test("an origin that says nothing is 504, and its connection is not used again")
        func silence() async throws {
            let origin = try await RawOrigin { connection, _ in
                if connection.number > 1 { connection.send(RawOrigin.answer("ok")) }
            }
            let limits = FrontLimits(interval: .milliseconds(50))
            let route = RawOrigin.route([origin.port], timeout: .milliseconds(300))
            try await withFront(limits: limits, operated: [route]) { (front: TestFront) throws in
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders").status == 504)
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders").body == "ok")
                while origin.seen.closed == 0 { pause(milliseconds: 5) }
            }
            await origin.stop()
        }

        @Test("of two instances a dead one costs no request; with none it is 503")
        func deadInstance() async throws {
            let origin = try await RawOrigin.answering("alive")
            let gone = try await RawOrigin.answering("")
            await gone.stop()
            let routes = [
                RawOrigin.route([gone.port, origin.port]), RawOrigin.route([gone.port], prefix: "/gone"),
            ]
            try await withFront(operated: routes) { (front: TestFront) throws in
                for _ in 0..<50 { #expect(try PlainHTTP(port: front.port).send("GET", "/orders").body == "alive") }
                #expect(try PlainHTTP(port: front.port).send("GET", "/gone").status == 503)
            }
            await origin.stop()
        }

        @Test("requests beyond the connections of an instance wait for one, in order")
        func bounded() async throws {
            let origin = try await RawOrigin { connection, _ in
                connection.eventLoop?.assumeIsolated().scheduleTask(in: .milliseconds(2)) {
                    connection.send(RawOrigin.answer("ok"))
                }
            }
            try await withFront(operated: [RawOrigin.route([origin.port], connections: 1)]) {
                (front: TestFront) throws in
                let caller = PlainHTTP(port: front.port)
                let request = caller.request("GET", "/orders")
                let answers = try caller.burst(Array(repeating: request, count: 60))
                #expect(answers.allSatisfy { $0.body == "ok" })
                // One for each event loop.
                #expect(origin.seen.connections <= System.coreCount)
            }
            await origin.stop()
        }

        @Test("who finds as many waiting as may is told at once to come again; those who wait are served")
        func fullQueue() async throws {
            let origin = try await RawOrigin { connection, _ in
                connection.eventLoop?.assumeIsolated().scheduleTask(in: .milliseconds(300)) {
                    connection.send(RawOrigin.answer("served"))
                }
            }
            let upstream = OperatorUpstream(
                .init(
                    name: "orders", urls: [BaseURL("http://127.0.0.1:\(origin.port)")].compactMap { $0 },
                    connections: 1, queue: 2))
            try await withFront(operated: [RawOrigin.route([], upstream: upstream)]) { (front: TestFront) throws in
                // One connection, so that all have one event loop's queue.
                let caller = try RawConnection(port: front.port)
                _ = caller.send(RawHTTP2.beginning + RawHTTP2.get("/orders", stream: 1))
                #expect(caller.read(until: "served").hasSuffix("served"))
                // Now that there is a connection, one has it, two wait, and two are too many.
                let asked: [UInt32] = [3, 5, 7, 9, 11]
                _ = caller.send(asked.flatMap { RawHTTP2.get("/orders", stream: $0) })
                let bytes = caller.readBytes(patience: 2)
                let bodies = RawHTTP2.frames(bytes, type: 0).map { String(decoding: $0, as: UTF8.self) }
                #expect(bodies.filter { $0 == "served" }.count == 3)
                #expect(bodies.filter { $0.contains(#""status":503"#) }.count == 2)
            }
            await origin.stop()
        }

        @Test(
            "a name whose addresses change leads to the new ones; one that leads nowhere for a moment, to the old ones")
        func moved() async throws {
            let (first, second) = (try await RawOrigin.answering("first"), try await RawOrigin.answering("second"))
            let found = NIOLockedValueBox([try SocketAddress(ipAddress: "127.0.0.1", port: first.port)])
            let upstream = OperatorUpstream(
                .init(name: "orders", urls: [BaseURL("http://orders.example:80")].compactMap { $0 }),
                lookUp: { _ in found.withLockedValue { $0 } })
            try await withFront(operated: [RawOrigin.route([], upstream: upstream)]) { (front: TestFront) throws in
                func ask() throws -> String { try PlainHTTP(port: front.port).send("GET", "/orders").body }
                #expect(try ask() == "first")
                #expect(first.seen.heads[0].contains("\r\nhost: orders.example:80\r\n"))
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: second.port)
                found.withLockedValue { $0 = [address] }
                await upstream.resolve()
                for _ in 0..<4 { #expect(try ask() == "second") }
                found.withLockedValue { $0 = [] }
                await upstream.resolve()
                #expect(try ask() == "second")
                // What was kept to the old one is not kept any longer.
                while first.seen.closed < first.seen.connections { pause(milliseconds: 5) }
            }
            await first.stop()
            await second.stop()
        }

        @Test("a table without an upstream lets the requests under way finish, and ends its connections")
        func removed() async throws {
            let origin = try await RawOrigin { connection, head in
                guard head.contains("/slow") else { return connection.send(RawOrigin.answer("ok")) }
                connection.eventLoop?.assumeIsolated().scheduleTask(in: .milliseconds(500)) {
                    connection.send(RawOrigin.answer("slow"))
                }
            }
            let limits = FrontLimits(interval: .milliseconds(50))
            try await withFront(limits: limits, operated: [RawOrigin.route([origin.port])]) { (front: TestFront) in
                let caller = try RawConnection(port: front.port)
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders").body == "ok")
                caller.send("GET /orders/slow HTTP/1.1\r\nHost: x\r\n\r\n")
                while origin.seen.heads.count < 2 { pause(milliseconds: 5) }
                await front.routes.use(RouteTable(routes: [], aliases: []))
                #expect(try PlainHTTP(port: front.port).send("GET", "/orders").status == 404)
                #expect(caller.read(until: "slow").hasPrefix("HTTP/1.1 200 "))
                while origin.seen.closed < origin.seen.connections { pause(milliseconds: 5) }
            }
            await origin.stop()
        }
    }
}
