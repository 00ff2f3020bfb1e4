/// The requests that a strict reader finds in the bytes of one connection.
struct StrictRequests {
    struct Request: Hashable, CustomStringConvertible {
        let method: String
        /// Without scheme and authority.
        let target: String
        /// The values of `X-Mark`.
        let marks: [String]
        var body: [UInt8] = []

        var description: String {
            "\(method) \(target) \(marks) \(String(decoding: body, as: UTF8.self).debugDescription)"
        }

        /// Whether it could be the begin of another.
        func begins(_ whole: Request) -> Bool {
            method == whole.method && target == whole.target && marks == whole.marks && whole.body.starts(with: body)
        }
    }

    enum End {
        /// After the last request that may come on the connection.
        case last
        /// Between two requests.
        case between
        /// In the middle of one.
        case partial
        /// What comes is no HTTP.
        case fault
    }

    private enum Framing {
        case none, length(Int), chunked
    }

    private(set) var whole: [Request] = []
    /// One whose head is whole, and its body as far as it can be read.
    private(set) var open: Request?
    private(set) var end = End.between

    init(_ bytes: [UInt8]) {
        var input = StrictBytes(bytes)
        do throws(StrictBytes.Trouble) {
            while true {
                input.skipEmptyLine()
                if input.isAtEnd { return }
                if try readRequest(&input) { continue }
                end = .last
                return
            }
        } catch {
            end = error == .fault ? .fault : .partial
        }
    }

    /// - Returns: Whether another may follow.
    private mutating func readRequest(_ input: inout StrictBytes) throws(StrictBytes.Trouble) -> Bool {
        let line = try input.line().split(separator: 32, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard line.count == 3, !line[0].isEmpty, line[0].utf8.allSatisfy(StrictBytes.isToken),
            line[1].utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }),
            line[2].wholeMatch(of: #/HTTP/1\.[0-9]/#) != nil,
            let target = Self.target(line[1], method: line[0])
        else { throw .fault }
        let isOld = line[2] == "HTTP/1.0"
        let fields = try input.fields()
        func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
        let hosts = values("host")
        guard hosts.count <= 1, isOld || hosts.first?.isEmpty == false else { throw .fault }
        guard values("expect").map({ $0.lowercased() }).allSatisfy({ $0 == "100-continue" }) else { throw .fault }
        let framing = try Self.framing(
            values("content-length"), values("transfer-encoding").map { $0.lowercased() }, isOld: isOld)
        open = Request(method: line[0], target: target, marks: values("x-mark"))
        var body: [UInt8] = []
        defer { open?.body = body }
        switch framing {
        case .none: break
        case .length(let length): try input.take(length, into: &body)
        case .chunked: try input.takeChunks(into: &body)
        }
        open?.body = body
        if let request = open { whole.append(request) }
        open = nil
        let options = values("connection").joined(separator: ",").lowercased().split(separator: ",").map {
            $0.trimming { $0 == " " || $0 == "\t" }
        }
        return !options.contains("close") && (!isOld || options.contains("keep-alive"))
    }

    private static func target(_ text: String, method: String) -> String? {
        if method == "CONNECT" { return nil }
        if text.hasPrefix("/") { return text }
        if text == "*" { return method == "OPTIONS" ? text : nil }
        guard let match = text.wholeMatch(of: #/(?i:https?):\/\/[^\/?@]+([\/?].*)?/#) else { return nil }
        let rest = match.output.1.map(String.init) ?? ""
        return rest.hasPrefix("/") ? rest : rest.isEmpty && method == "OPTIONS" ? "*" : "/" + rest
    }

    private static func framing(
        _ lengths: [String], _ encodings: [String], isOld: Bool
    ) throws(StrictBytes.Trouble) -> Framing {
        if encodings == ["chunked"], lengths.isEmpty, !isOld { return .chunked }
        guard encodings.isEmpty, lengths.count <= 1 else { throw .fault }
        guard let text = lengths.first else { return .none }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(text),
            length <= 1 << 53
        else { throw .fault }
        return .length(length)
    }
}

extension Substring {
    /// Without what is to be trimmed at either end.
    fileprivate func trimming(_ isTrimmed: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let first = rest.first, isTrimmed(first) { rest.removeFirst() }
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
