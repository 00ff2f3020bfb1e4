import Kit
import Synchronization

@testable import CommandLineTool

/// Answers by a rule, and keeps what was asked.
final class FakeTransport: Transport {
    private let rule: @Sendable (APIRequest) throws(Failure) -> APIAnswer
    private let asked = Mutex<[APIRequest]>([])

    init(_ rule: @escaping @Sendable (APIRequest) throws(Failure) -> APIAnswer) {
        self.rule = rule
    }

    var requests: [APIRequest] { asked.withLock { $0 } }

    func send(
        _ request: APIRequest, to site: Site, sink: ((UnsafeRawBufferPointer) -> Bool)?
    ) throws(Failure) -> APIAnswer {
        asked.withLock { $0.append(request) }
        return try rule(request)
    }
}

extension APIAnswer {
    /// An answer with a JSON body.
    init(_ status: Int, _ body: String = "", headers: [(name: String, value: String)] = []) {
        self.init(status: status, headers: headers, body: Array(body.utf8))
    }
}

extension APIRequest {
    func field(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    var text: String { String(decoding: body ?? [], as: UTF8.self) }
}

extension Site {
    static func example(_ url: String = "http://localhost:8080", tenant: String? = nil) throws -> Site {
        try Site(url: url, tenant: tenant, environment: [:])
    }
}

extension JSONValue {
    init(_ text: String) throws { self = try JSONParser.parse(text.utf8) }
}
