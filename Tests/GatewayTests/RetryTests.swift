import GatehouseTesting
import NIOCore
import Testing

extension FrontTests {
    @Suite("Requests that an instance fails", .timeLimit(.minutes(2)))
    struct RetryTests {
        @Test("what may be repeated is sent to another instance and fails nobody")
        func repeated() async throws {
            try await withFront(fault: .resets) { front in
                while front.faulty?.counts.begun == 0 {
                    let answer = try PlainHTTP(port: front.port).send("GET", "/bulk/source?10")
                    #expect(answer.status == 200)
                    #expect(answer.body.utf8.count == 10)
                }
            }
        }

        @Test("what may have taken effect is not repeated, and its caller is told")
        func unsafe() async throws {
            try await withFront(fault: .resets) { front in
                var failed = 0
                for _ in 0..<200 {
                    let answer = try PlainHTTP(port: front.port).send("POST", "/bulk/sink", body: "12345")
                    #expect(answer.status == 200 && answer.body == "5" || answer.status == 503)
                    if answer.status == 503 { failed += 1 }
                }
                // Five put it out of use; now and then one more tries it.
                #expect(failed >= 5 && failed <= 8)
                #expect(front.faulty?.counts.begun == failed)
            }
        }

        @Test("an instance that lets time run out is put out of use")
        func late() async throws {
            try await withFront(timeout: .seconds(1), fault: .silent) { front in
                let port = PlainHTTP(port: front.port)
                let requests = (0..<12).map { port.request("GET", "/bulk/source?\($0)") }
                var statuses: [Int] = []
                repeat {
                    statuses = try port.burst(requests).map(\.status)
                    #expect(statuses.allSatisfy { $0 == 200 || $0 == 504 })
                } while statuses.contains(504)
                for _ in 0..<10 { #expect(try port.burst(requests).allSatisfy { $0.status == 200 }) }
            }
        }
    }
}
