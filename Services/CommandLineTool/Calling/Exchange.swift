/// A request to the API.
struct APIRequest: Sendable {
    var method: String
    /// Below the public address, placeholders filled in.
    var path: String
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    var mediaType = "application/json"
    /// Seconds for the whole, the answer's body included; nil where that may take as long as it takes.
    var timeout: Int? = 60

    init(_ method: String, _ path: String, query: [(name: String, value: String)] = [], body: [UInt8]? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }

    /// The path with its query.
    var target: String {
        guard !query.isEmpty else { return path }
        return path + "?"
            + query.map { "\(PercentEncoding.encoded($0.name))=\(PercentEncoding.encoded($0.value))" }
            .joined(separator: "&")
    }
}

/// What came back.
struct APIAnswer: Sendable {
    var status: Int
    /// The fields, names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// What carries requests; curl outside of tests.
protocol Transport: Sendable {
    /// Sends a request and waits for the answer.
    /// - Parameter sink: Takes the body of a good answer as it comes, instead of having it gathered.
    /// - Throws: `Failure.unreachable` where nothing answered in time.
    func send(_ request: APIRequest, to site: Site, sink: ((UnsafeRawBufferPointer) -> Bool)?) throws(Failure)
        -> APIAnswer
}

extension Transport {
    func send(_ request: APIRequest, to site: Site) throws(Failure) -> APIAnswer {
        try send(request, to: site, sink: nil)
    }
}

/// Percent-encoding (RFC 3986 §2.1).
enum PercentEncoding {
    /// The text with all but unreserved bytes encoded.
    /// - Parameter kept: Further bytes that stand for themselves.
    static func encoded(_ text: String, keeping kept: String = "") -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where kept.utf8.contains(byte):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return encoded
    }

    /// The text as one segment of a path (§3.3).
    static func segment(_ text: String) -> String { encoded(text, keeping: "!$&'()*+,;=:@") }
}
