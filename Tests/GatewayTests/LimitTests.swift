import GatehouseTesting
import NIOCore
import Testing

@testable import Gateway

extension FrontTests {
    @Suite("Slow callers are cut", .timeLimit(.minutes(2)))
    struct LimitTests {
        /// The limits of the door, shortened.
        static let short = FrontLimits(
            head: .milliseconds(400), body: .seconds(1), bodyFloor: 1000, idle: .seconds(2), reading: .seconds(1),
            linger: .milliseconds(300), handshake: .milliseconds(300), interval: .milliseconds(50))

        /// Seconds until the peer closes.
        private func seconds(_ connection: RawConnection) -> Double {
            let start = NIODeadline.now()
            #expect(connection.isClosed(within: 10))
            return Double((NIODeadline.now() - start).nanoseconds) / 1e9
        }

        @Test("a head that comes a byte at a time, or not at all, has its time and no more")
        func head() async throws {
            try await withFront(limits: Self.short) { front in
                let silent = try RawConnection(port: front.port)
                #expect((0.3..<1.5).contains(seconds(silent)))
                let dripping = try RawConnection(port: front.port)
                let start = NIODeadline.now()
                var isOpen = true
                while isOpen, NIODeadline.now() - start < .seconds(5) {
                    isOpen = dripping.send("G")
                    pause(milliseconds: 100)
                }
                #expect(NIODeadline.now() - start < .seconds(2))
            }
        }

        @Test("between two requests a connection is kept, but not for ever")
        func idle() async throws {
            try await withFront(limits: Self.short) { front in
                let caller = try RawConnection(port: front.port)
                caller.send("GET /bulk/source?3 HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(caller.read(until: "\r\n\r\naaa").hasPrefix("HTTP/1.1 200 "))
                pause(milliseconds: 1000)
                caller.send("GET /bulk/source?3 HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(caller.read(until: "\r\n\r\naaa").hasPrefix("HTTP/1.1 200 "))
                #expect((1.5..<4).contains(seconds(caller)))
                // Half a head is no idleness.
                let slow = try RawConnection(port: front.port)
                slow.send("GET /bulk/source?3 HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = slow.read(until: "\r\n\r\naaa")
                slow.send("GET ")
                #expect((0.2..<1.5).contains(seconds(slow)))
            }
        }

        @Test("a body below the floor is answered 408, one above it is not")
        func body() async throws {
            try await withFront(limits: Self.short) { front in
                let slow = try RawConnection(port: front.port)
                slow.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
                for _ in 0..<6 {
                    slow.send(String(repeating: "a", count: 100))
                    pause(milliseconds: 200)
                }
                #expect(slow.readAll().hasPrefix("HTTP/1.1 408 "))
                while front.service.counts.aborted == 0 { pause(milliseconds: 5) }

                let steady = try RawConnection(port: front.port)
                steady.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\n")
                for _ in 0..<12 {
                    steady.send(String(repeating: "a", count: 500))
                    pause(milliseconds: 200)
                }
                #expect(steady.read(until: "\r\n\r\n6000").hasPrefix("HTTP/1.1 200 "))
            }
        }

        @Test("a caller kept waiting by the service is not cut for slowness; the service's time counts")
        func stuckService() async throws {
            try await withFront(timeout: .seconds(2), limits: Self.short) { front in
                let caller = try RawConnection(port: front.port)
                caller.send("POST /bulk/stuck HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
                _ = caller.send([UInt8](repeating: 0x61, count: 100_000_000), patience: 1)
                #expect(caller.readAll().hasPrefix("HTTP/1.1 504 "))
            }
        }

        @Test("a caller who takes nothing of an answer is cut, a slow one is not")
        func reading() async throws {
            try await withFront(limits: Self.short) { front in
                let stuck = try RawConnection(port: front.port, buffer: 16 << 10)
                stuck.send("GET /bulk/source?100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
                let slow = try RawConnection(port: front.port, buffer: 16 << 10)
                slow.send("GET /bulk/source?100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
                var read = 0
                for _ in 0..<40 {
                    for _ in 0..<4 { read += slow.read()?.utf8.count ?? 0 }
                    pause(milliseconds: 100)
                }
                #expect(front.service.counts.aborted == 1)
                let before = read
                for _ in 0..<100 { read += slow.read()?.utf8.count ?? 0 }
                #expect(read > before + 400_000)
            }
        }

        @Test("the rest of a refused body is read for a moment, so that the answer arrives")
        func linger() async throws {
            try await withFront(bodyLimit: 1000, limits: Self.short) { front in
                let caller = try RawConnection(port: front.port)
                caller.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n")
                _ = caller.send([UInt8](repeating: 0x61, count: 4_000_000), patience: 1)
                #expect(caller.readAll().hasPrefix("HTTP/1.1 413 "))
            }
        }

        @Test("a service that never answers is given up at the route's time limit")
        func neverAnswered() async throws {
            try await withFront(timeout: .milliseconds(500)) { front in
                let answer = try PlainHTTP(port: front.port).send("GET", "/bulk/never")
                #expect(answer.status == 504)
                while front.service.counts.aborted == 0 { pause(milliseconds: 5) }
            }
        }
    }
}
