import GatehouseTesting
import NIOCore
import Testing

extension FrontTests {
    @Suite("Bodies pass the gateway as they come", .timeLimit(.minutes(5)))
    struct StreamingTests {
        private static let gigabyte = 1 << 30
        /// How much more memory than before a transfer may need, with the caller's and the service's side in this process.
        private static let growth = 32 << 20

        @Test("an upload of 1 GiB leaves memory flat")
        func upload() async throws {
            try await withFront { front in
                let file = "/tmp/gatehouse-upload-\(front.port)"
                try ChildProcess.run(["truncate", "-s", "1G", file])
                defer { _ = try? ChildProcess.run(["rm", file]) }
                Memory.forgetPeak()
                let before = Memory.now
                let answer = try ChildProcess.run([
                    "curl", "-s", "-S", "-X", "POST", "-T", file, "http://127.0.0.1:\(front.port)/bulk/sink",
                ])
                #expect(answer == "\(Self.gigabyte)")
                let more = Memory.peak - before
                print("upload of 1 GiB: memory \(before >> 20) MiB before, \(more >> 20) MiB more at its peak")
                #expect(more < Self.growth)
            }
        }

        @Test("a download of 1 GiB leaves memory flat")
        func download() async throws {
            try await withFront { front in
                Memory.forgetPeak()
                let before = Memory.now
                let answer = try ChildProcess.run([
                    "curl", "-s", "-S", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                    "http://127.0.0.1:\(front.port)/bulk/source?\(Self.gigabyte)",
                ])
                #expect(answer == "200 \(Self.gigabyte)")
                let more = Memory.peak - before
                print("download of 1 GiB: memory \(before >> 20) MiB before, \(more >> 20) MiB more at its peak")
                #expect(more < Self.growth)
            }
        }

        @Test("a caller is read no faster than the service takes")
        func stuckService() async throws {
            try await withFront(timeout: .seconds(30)) { front in
                let caller = try RawConnection(port: front.port, buffer: 64 << 10)
                caller.send("POST /bulk/stuck HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
                let sent = caller.send([UInt8](repeating: 0x61, count: 100_000_000), patience: 1)
                // The service's window, and what stands in the kernel's buffers.
                #expect(sent < 12 << 20)
                #expect(front.service.counts.taken <= 1 << 20)
            }
        }

        @Test("a service is read no faster than the caller reads, and the others are not held up by that")
        func stuckCaller() async throws {
            try await withFront(timeout: .seconds(30)) { front in
                var callers: [RawConnection] = []
                for _ in 0..<32 {
                    let caller = try RawConnection(port: front.port, buffer: 16 << 10)
                    caller.send("GET /bulk/source?100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
                    callers.append(caller)
                }
                pause(milliseconds: 1000)
                // Of each: a window, a queue on either side, and what stands in the kernel's buffers.
                #expect(front.service.counts.given < 32 * (6 << 20))
                let answer = try PlainHTTP(port: front.port).send("GET", "/bulk/source?300000")
                #expect(answer.body.utf8.count == 300_000)
                let first = callers.removeFirst()
                var read = 0
                while read < 100_000_000, let part = first.read() { read += part.utf8.count }
                #expect(read > 100_000_000)
            }
        }

        @Test("a body beyond its route's limit is refused while it comes, and the service is told")
        func limit() async throws {
            try await withFront(bodyLimit: 300_000) { front in
                let caller = try RawConnection(port: front.port)
                caller.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                let chunk = "10000\r\n" + String(repeating: "a", count: 0x10000) + "\r\n"
                for _ in 0..<5 { caller.send(chunk) }
                #expect(caller.readAll().hasPrefix("HTTP/1.1 413 "))
                while front.service.counts.aborted == 0 { pause(milliseconds: 5) }
                #expect(front.service.counts.taken <= 300_000)

                let stated = try RawConnection(port: front.port)
                stated.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 300001\r\n\r\n")
                #expect(stated.readAll().hasPrefix("HTTP/1.1 413 "))
                #expect(front.service.counts.begun == 1)

                let most = try PlainHTTP(port: front.port).send(
                    "POST", "/bulk/sink", body: String(repeating: "a", count: 300_000))
                #expect(most.body == "300000")
            }
        }

        @Test("a request goes to its service before its body has come")
        func early() async throws {
            try await withFront { front in
                let caller = try RawConnection(port: front.port)
                caller.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
                while front.service.counts.taken < 3 { pause(milliseconds: 5) }
                caller.send("def")
                #expect(caller.read(until: "\r\n\r\n6").hasPrefix("HTTP/1.1 200 "))
                // The connection goes on.
                caller.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
                #expect(caller.read(until: "\r\n\r\n3").hasPrefix("HTTP/1.1 200 "))
            }
        }

        @Test("an answer before the request is whole is passed on, and ends the connection")
        func answeredEarly() async throws {
            try await withFront { front in
                let caller = try RawConnection(port: front.port)
                caller.send("POST /bulk/early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
                let answer = caller.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                #expect(answer.contains("connection: close"))
                #expect(answer.hasSuffix("early"))
            }
        }

        @Test("who waits for a word before the body gets it when the request may go on, and an answer when not")
        func expectations() async throws {
            try await withFront { front in
                let head = "HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
                let caller = try RawConnection(port: front.port)
                caller.send("POST /bulk/sink \(head)")
                #expect(caller.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                caller.send("abc")
                #expect(caller.read(until: "\r\n\r\n3").hasPrefix("HTTP/1.1 200 "))
                let stranger = try RawConnection(port: front.port)
                stranger.send("POST /closed \(head)")
                #expect(stranger.readAll().hasPrefix("HTTP/1.1 401 "))
            }
        }

        @Test("a caller who goes away ends the work for him")
        func goneCaller() async throws {
            try await withFront { front in
                var caller: RawConnection? = try RawConnection(port: front.port)
                caller?.send("POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
                while front.service.counts.taken < 3 { pause(milliseconds: 5) }
                caller = nil
                while front.service.counts.aborted == 0 { pause(milliseconds: 5) }
            }
        }

        @Test("requests sent at once are answered in order")
        func pipelined() async throws {
            try await withFront { front in
                let caller = try RawConnection(port: front.port)
                var requests = ""
                for length in 1...20 {
                    requests += "POST /bulk/sink HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
                    requests += String(repeating: "a", count: length)
                    requests += "GET /bulk/source?\(length) HTTP/1.1\r\nHost: x\r\n\r\n"
                }
                caller.send(requests + "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let answers = caller.readAll().split(separator: "HTTP/1.1 ").map {
                    $0.split(separator: "\r\n\r\n").last ?? ""
                }
                let expected = (1...20).flatMap { ["\($0)", String(repeating: "a", count: $0)] }
                #expect(answers.dropLast().map(String.init) == expected)
            }
        }
    }
}
