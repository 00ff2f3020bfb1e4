import HTTPFields
import GatehouseTesting
import HTTP2
import NIOCore
import Testing

@testable import Gateway

extension FrontTests {
    @Suite("HTTP/2 in public", .timeLimit(.minutes(5)))
    struct HTTP2FrontTests {
        private func curl(_ front: TestFront, _ path: String, _ arguments: String...) throws -> String {
            try ChildProcess.run(
                ["curl", "-s", "-S", "--http2-prior-knowledge", "-w", " %{http_code} %{http_version}"] + arguments
                    + ["http://127.0.0.1:\(front.port)\(path)"])
        }

        /// Sends a file: by nghttp, which takes a fraction of the time curl 7.88 does.
        private func upload(_ front: TestFront, _ file: String, _ arguments: String...) throws -> String {
            try ChildProcess.run(
                ["timeout", "60", "nghttp", "-H", ":method: POST", "-d", file] + arguments
                    + ["http://127.0.0.1:\(front.port)/bulk/sink"])
        }

        /// Sends frames after the beginning of a connection; returns what came back, with the code of GOAWAY.
        private func talk(_ front: TestFront, _ frames: [UInt8]) throws -> (text: String, goAway: UInt8?) {
            let caller = try RawConnection(port: front.port)
            _ = caller.send(RawHTTP2.beginning + frames)
            let bytes = caller.readBytes(patience: 1)
            return (String(decoding: bytes, as: UTF8.self), RawHTTP2.frames(bytes, type: 7).last?.last)
        }

        @Test("what each answer says anew does not drive what all say out of the compression table")
        func compression() async throws {
            try await withFront { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port)
                var bytes: [UInt8] = []
                _ = caller.send(RawHTTP2.beginning)
                for batch in 0..<4 {
                    let streams = (0..<40).map { UInt32(80 * batch + 2 * $0 + 1) }
                    _ = caller.send(streams.flatMap { RawHTTP2.get("/bulk/source?3", stream: $0) })
                    bytes += caller.readBytes(patience: 1)
                }
                let sizes = RawHTTP2.frames(bytes, type: 1).map(\.count)
                #expect(sizes.count == 160)
                // Numbers take more or fewer bytes by their digits.
                #expect(sizes.dropFirst().allSatisfy { $0 < sizes[1] + 16 && $0 < sizes[0] / 2 }, "\(sizes)")
            }
        }

        @Test("callers of a process that is about to end are told to go, get what they have asked for, and are left")
        func ending() async throws {
            let limits = FrontLimits(linger: .milliseconds(300), interval: .milliseconds(50))
            try await withFront(limits: limits, isEnding: true) { (front: TestFront) throws in
                let caller = try RawConnection(port: front.port)
                _ = caller.send(RawHTTP2.beginning + RawHTTP2.get("/bulk/source?3", stream: 1))
                let bytes = caller.readBytes(patience: 10)
                #expect(RawHTTP2.frames(bytes, type: 0).contains(Array("aaa".utf8)))
                // The highest number there is, then that of the last stream (RFC 9113 section 6.8).
                let last = RawHTTP2.frames(bytes, type: 7).map { Array($0.prefix(4)) }
                #expect(last == [[0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 1]])
            }
        }

        @Test("requests with and without a body are answered")
        func requests() async throws {
            try await withFront { (front: TestFront) throws in
                #expect(try curl(front, "/bulk/source?3") == "aaa 200 2")
                #expect(try curl(front, "/bulk/sink", "-d", "abc") == "3 200 2")
                #expect(try curl(front, "/bulk/sink", "-X", "POST") == "0 200 2")
                #expect(try curl(front, "/bulk/source?3", "--head", "-o", "/dev/null") == " 200 2")
                #expect(try curl(front, "/nowhere", "-o", "/dev/null") == " 404 2")
                #expect(try curl(front, "/bulk/../x", "--path-as-is", "-o", "/dev/null") == " 400 2")
                #expect(try curl(front, "/closed", "-d", "abc", "-o", "/dev/null") == " 401 2")
                // The same port speaks HTTP/1.1, as ever.
                let plain = try PlainHTTP(port: front.port).send("GET", "/bulk/source?3")
                #expect(plain.body == "aaa")
            }
        }

        @Test("1 GiB in either direction leaves memory flat")
        func memory() async throws {
            try await withFront { (front: TestFront) throws in
                let file = "/tmp/gatehouse-upload-\(front.port)"
                try ChildProcess.run(["truncate", "-s", "1G", file])
                defer { _ = try? ChildProcess.run(["rm", file]) }
                Memory.forgetPeak()
                let before = Memory.now
                #expect(try upload(front, file) == "\(1 << 30)")
                let answer = try curl(front, "/bulk/source?\(1 << 30)", "-o", "/dev/null", "-w", "%{size_download}")
                #expect(answer == "\(1 << 30)")
                let more = Memory.peak - before
                print(
                    "HTTP/2, 1 GiB up and down: memory \(before >> 20) MiB before, \(more >> 20) MiB more at its peak")
                #expect(more < 32 << 20)
            }
        }

        @Test("a body beyond its route's limit is refused, and the service is told")
        func limit() async throws {
            try await withFront(bodyLimit: 300_000) { (front: TestFront) throws in
                let file = "/tmp/gatehouse-upload-\(front.port)"
                try ChildProcess.run(["truncate", "-s", "400000", file])
                defer { _ = try? ChildProcess.run(["rm", file]) }
                #expect(try upload(front, file).contains("payload_too_large"))
                #expect(front.service.counts.begun == 0)
                #expect(try upload(front, file, "--no-content-length").contains("payload_too_large"))
                while front.service.counts.aborted == 0 { pause(milliseconds: 5) }
                #expect(front.service.counts.taken <= 300_000)
            }
        }

        @Test("a host named otherwise than the authority is refused")
        func hosts() async throws {
            try await withFront { (front: TestFront) throws in
                let conflict = try talk(
                    front, RawHTTP2.get("/bulk/source?3", stream: 1, further: [("host", "y")]))
                #expect(conflict.text.contains("malformed_request"))
                let same = try talk(front, RawHTTP2.get("/bulk/source?3", stream: 1, further: [("host", "x")]))
                #expect(same.text.contains("aaa"))
                #expect(front.service.counts.begun == 1)
            }
        }

        @Test("pieces of cookies are joined, pseudo-fields are no fields")
        func head() throws {
            var block = HeaderBlock()
            for (name, value) in [
                (":method", "POST"), (":scheme", "https"), (":authority", "a.example"), (":path", "/x?y"),
                ("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2"),
            ] { block.append(name, value) }
            let head = try #require(PublicHead(block))
            #expect(head.method == "POST")
            #expect(head.target == "/x?y")
            var fields: [String] = []
            head.fields.forEach {
                fields.append(String(decoding: $0, as: UTF8.self) + ": " + String(decoding: $1, as: UTF8.self))
            }
            #expect(fields == ["accept: */*", "host: a.example", "cookie: a=1; b=2"])
            block.append("host", "b.example")
            #expect(PublicHead(block) == nil)
        }

        @Test("rapid resets end the connection, and others go on")
        func rapidReset() async throws {
            try await withFront { (front: TestFront) throws in
                var frames: [UInt8] = []
                for number in 0..<150 as Range<UInt32> {
                    let stream = number * 2 + 1
                    frames += RawHTTP2.get("/bulk/never", stream: stream) + RawHTTP2.reset(stream: stream)
                }
                let answer = try talk(front, frames)
                #expect(answer.goAway == 11)
                #expect(try curl(front, "/bulk/source?3") == "aaa 200 2")
                // All but curl's own.
                while front.service.counts.begun > front.service.counts.aborted + 1 { pause(milliseconds: 5) }
            }
        }

        @Test("floods of SETTINGS and PING end the connection")
        func floods() async throws {
            try await withFront { (front: TestFront) throws in
                for frame in [RawHTTP2.settings, RawHTTP2.ping] {
                    let frames = (0..<1000).flatMap { _ in frame }
                    let answer = try talk(front, frames)
                    #expect(answer.goAway == 11)
                }
                #expect(try curl(front, "/bulk/source?3") == "aaa 200 2")
            }
        }

        @Test("no more than 100 streams are taken at once")
        func streams() async throws {
            try await withFront { (front: TestFront) throws in
                let frames = (0..<150 as Range<UInt32>).flatMap { RawHTTP2.get("/bulk/never", stream: $0 * 2 + 1) }
                _ = try talk(front, frames)
                #expect(front.service.counts.begun == 100)
            }
        }

        @Test("a window that is never opened, a body that does not come and an idle connection are cut")
        func slow() async throws {
            try await withFront(limits: LimitTests.short) { (front: TestFront) throws in
                // 64 KiB go, the rest waits for the window.
                let caller = try RawConnection(port: front.port)
                _ = caller.send(RawHTTP2.beginning + RawHTTP2.get("/bulk/source?10000000", stream: 1))
                while front.service.counts.aborted == 0 { pause(milliseconds: 5) }
                #expect(front.service.counts.given < 2 << 20)
                let slow = try RawConnection(port: front.port)
                _ = slow.send(
                    RawHTTP2.beginning
                        + RawHTTP2.request(
                            [(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", "/bulk/sink")],
                            stream: 1, ends: false))
                #expect(slow.readAll(patience: 2).contains("request_timeout"))
                let idle = try RawConnection(port: front.port)
                _ = idle.send(RawHTTP2.beginning)
                let start = NIODeadline.now()
                _ = idle.readAll(patience: 5)
                #expect(NIODeadline.now() - start < .seconds(3))
            }
        }

        @Test("many requests on few connections are all answered")
        func load() async throws {
            guard (try? ChildProcess.run(["which", "h2load"])) != nil else { return }
            try await withFront { (front: TestFront) throws in
                let text = try ChildProcess.run([
                    "h2load", "-n", "20000", "-c", "4", "-m", "50",
                    "http://127.0.0.1:\(front.port)/bulk/source?100",
                ])
                #expect(text.contains("20000 succeeded, 0 failed"))
                #expect(text.contains("20000 2xx"))
            }
        }
    }
}
