/// The answers on one connection, read strictly.
struct StrictAnswers {
    struct Answer {
        let status: Int
        let fields: [(name: String, value: String)]
        let body: String

        var saysClose: Bool { fields.contains { $0.name == "connection" && $0.value == "close" } }
    }

    private(set) var answers: [Answer] = []
    /// Whether the bytes end with an answer; else they are none, or not whole yet.
    private(set) var isWhole = true

    /// - Parameter methods: Those of the requests, as far as they are known.
    init(_ bytes: [UInt8], to methods: [String]) {
        var input = StrictBytes(bytes)
        do throws(StrictBytes.Trouble) {
            while !input.isAtEnd {
                if let answer = try Self.answer(&input, to: answers.count < methods.count ? methods[answers.count] : "")
                {
                    answers.append(answer)
                }
            }
        } catch {
            isWhole = false
        }
    }

    /// - Returns: Nil for an interim answer.
    private static func answer(_ input: inout StrictBytes, to method: String) throws(StrictBytes.Trouble) -> Answer? {
        let line = String(decoding: try input.line(), as: UTF8.self)
        guard let match = line.wholeMatch(of: #/HTTP/1\.1 ([0-9]{3}) [ -~]*/#), let status = Int(match.output.1) else {
            throw .fault
        }
        let fields = try input.fields()
        func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
        let (lengths, encodings) = (values("content-length"), values("transfer-encoding"))
        if status == 100 {
            guard fields.isEmpty else { throw .fault }
            return nil
        }
        guard status >= 200, lengths.count + encodings.count <= 1 else { throw .fault }
        var body: [UInt8] = []
        // Who could not read the request may not know that it was one for the head alone; it is his last answer then.
        let isUnread = status >= 400 && !input.isAtEnd && values("connection") == ["close"]
        if method == "HEAD" && !isUnread || status == 204 || status == 304 {
            // Whatever the fields say, nothing follows.
        } else if let text = lengths.first {
            guard let length = Int(text), length >= 0 else { throw .fault }
            try input.take(length, into: &body)
        } else if encodings == ["chunked"] {
            try input.takeChunks(into: &body)
        } else {
            throw .fault
        }
        return Answer(status: status, fields: fields, body: String(decoding: body, as: UTF8.self))
    }
}
