import FoundationEssentials
import GatehouseTesting
import Glibc

/// The mail server of `smtp_sink.py`, a process that ends with this object or this process.
final class SMTPSink: Sendable {
    /// TCP port on 127.0.0.1.
    let port: Int
    private let process: ChildProcess
    private let input: CInt
    private let output: CInt

    /// - Parameter arguments: As `smtp_sink.py --help` says.
    init(_ arguments: [String]) throws {
        let (inputReader, inputWriter) = try Self.pipeEnds()
        let (outputReader, outputWriter) = try Self.pipeEnds()
        defer {
            close(inputReader)
            close(outputWriter)
        }
        let script = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/smtp_sink.py"
        process = try ChildProcess.start(
            ["python3", script, "--end-with-input"] + arguments, input: inputReader, output: outputWriter)
        input = inputWriter
        output = outputReader
        let line = try Self.line(from: outputReader)
        guard let port = Int(line) else { throw ChildProcess.Failure("no port but: \(line)") }
        self.port = port
    }

    convenience init(_ arguments: String...) throws {
        try self.init(arguments)
    }

    deinit {
        close(input)
        process.signal(SIGTERM)
        process.wait()
        close(output)
    }

    /// The next mail it took, which it prints as it acknowledges it.
    func mail() throws -> TakenMail {
        try JSONDecoder().decode(TakenMail.self, from: Data(Self.line(from: output).utf8))
    }

    private static func pipeEnds() throws -> (reader: CInt, writer: CInt) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ChildProcess.Failure("no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func line(from descriptor: CInt) throws -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while byte != 0x0A {
            guard read(descriptor, &byte, 1) == 1 else {
                throw ChildProcess.Failure("the sink ended: \(String(decoding: bytes, as: UTF8.self))")
            }
            bytes.append(byte)
        }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }
}
