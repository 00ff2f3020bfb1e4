import Logging
import Synchronization
import Testing

@testable import Kit

@Suite("Records reach the reader, and never wait for it")
struct LogOutputTests {
    private func message(_ line: String) throws -> String? { try JSONParser.parse(line.utf8)["message"]?.string }

    @Test("records arrive in order, written by the output's own thread")
    func arrival() throws {
        let pipe = try LogPipe()
        let logger = pipe.logger()
        for index in 0..<100 { logger.info("record \(index)") }
        let lines = try pipe.lines(100)
        #expect(try lines.map(message) == (0..<100).map { "record \($0)" })
        // After a pause in which the writer went to sleep it is woken again.
        logger.info("later")
        #expect(try pipe.lines(1).map(message) == ["later"])
    }

    @Test("records of many tasks arrive whole")
    func concurrent() async throws {
        let pipe = try LogPipe()
        let reader = Task.detached { try pipe.lines(4000) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let logger = pipe.logger()
                    for index in 0..<500 { logger.info("\(task)/\(index)", metadata: ["a": "b"]) }
                }
            }
        }
        let messages = try await reader.value.map(message)
        #expect(Set(messages).count == 4000)
        #expect(pipe.output.droppedRecords == 0)
        for task in 0..<8 {
            let own = messages.compactMap { $0 }.filter { $0.hasPrefix("\(task)/") }
            #expect(own == (0..<500).map { "\(task)/\($0)" })
        }
    }

    @Test("a reader that does not read costs records, which are counted and told of, not time")
    func fullBuffer() throws {
        let pipe = try LogPipe(capacity: 10_000)
        let logger = pipe.logger()
        let filling = String(repeating: "x", count: 900)
        var logged = 0
        // First the pipe takes 64 KiB, then the buffer 10 kB; nobody reads, so all that follows has nowhere to go.
        repeat {
            logger.info("\(filling)")
            logged += 1
        } while pipe.output.flush(within: .milliseconds(5))
        for _ in 0..<1000 { logger.info("\(filling)") }
        logged += 1000
        let dropped = pipe.output.droppedRecords
        #expect(dropped >= 980)

        var told = 0
        var arrived = 0
        while told < dropped {
            for line in try pipe.lines(1) {
                let record = try JSONParser.parse(line.utf8)
                if record["message"]?.string == "log records were dropped" {
                    #expect(record["level"]?.string == "warning")
                    told += record["records"]?.integer ?? 0
                } else {
                    arrived += 1
                }
            }
        }
        #expect(told == dropped)
        #expect(arrived == logged - dropped)
    }

    @Test("flush has written all when it returns true")
    func flush() throws {
        let pipe = try LogPipe()
        for index in 0..<50 { pipe.logger().info("record \(index)") }
        #expect(pipe.output.flush())
        pipe.output.stop()
        #expect(try pipe.lines(50).count == 50)
        #expect(pipe.output.flush(within: .zero))
    }

    @Test("a reader that went away costs records only")
    func goneReader() throws {
        let pipe = try LogPipe()
        pipe.closeReader()
        for _ in 0..<10 { pipe.logger().info("lost") }
        #expect(pipe.output.flush())
        #expect(pipe.output.droppedRecords == 10)
    }

    @Test("a critical record is written before the logger returns")
    func critical() throws {
        let pipe = try LogPipe()
        pipe.logger().info("before")
        pipe.logger().critical("the end")
        #expect(pipe.output.flush(within: .zero))
        #expect(try pipe.lines(2).map(message) == ["before", "the end"])
    }

    @Test("the level changes for all loggers at once, but for those with a level of their own")
    func level() throws {
        let pipe = try LogPipe(level: .warning)
        let logger = pipe.logger()
        var own = pipe.logger()
        own.logLevel = .error
        logger.info("1")
        logger.warning("2")
        own.warning("3")
        pipe.output.level = .debug
        logger.debug("4")
        logger.trace("5")
        own.warning("6")
        own.error("7")
        #expect(try pipe.lines(3).map(message) == ["2", "4", "7"])
    }

    @Test("every level survives the switch", arguments: Logger.Level.allCases)
    func everyLevel(level: Logger.Level) throws {
        let pipe = try LogPipe(level: level)
        #expect(pipe.output.level == level)
        #expect(pipe.logger().logLevel == level)
    }

    @Test("a logger's metadata, the provider's and the record's are joined, the latter winning")
    func metadata() throws {
        let pipe = try LogPipe()
        let provider = Logger.MetadataProvider { ["a": "provider", "b": "provider", "c": "provider"] }
        var logger = Logger(label: "x") {
            LineLogHandler(label: $0, renderer: pipe.renderer, output: pipe.output, metadataProvider: provider)
        }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "d"] = "logger"
        logger.error("m", error: TestFailure("broken"), metadata: ["b": "record"])
        let line = try #require(try pipe.lines(1).first)
        #expect(
            line.hasSuffix(#""logger":"x","a":"provider","b":"record","c":"provider","d":"logger","error":"broken"}"#))
    }

    @Test("not on a terminal, automatic means JSON; text is text")
    func formats() throws {
        let automatic = try LogPipe(format: .automatic)
        automatic.logger().info("m")
        #expect(try automatic.lines(1).first?.hasPrefix(#"{"timestamp""#) == true)
        let text = try LogPipe(format: .text)
        text.logger().info("hello")
        let line = try #require(try text.lines(1).first)
        #expect(line.hasSuffix("INFO     hello"))
        #expect(!line.contains("\u{1B}"))
    }
}
