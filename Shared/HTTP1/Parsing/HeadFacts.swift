/// What those fields of a head say that decide about the message and its connection.
struct HeadFacts: Sendable {
    private enum Encoding {
        case none, chunked, other
    }

    private enum Expectation {
        case none, goOn, other
    }

    private let isRequest: Bool
    private(set) var hasHost = false
    private var length: Int?
    private var encoding = Encoding.none
    private var expectation = Expectation.none
    private var closes = false
    private var keeps = false
    private var namesUpgrade = false
    private var hasUpgrade = false

    init(ofRequest isRequest: Bool) {
        self.isRequest = isRequest
    }

    /// Takes a field into account.
    @inline(__always)
    mutating func note(_ name: Bytes, _ value: Bytes) throws(HTTP1Fault) {
        switch name.count {
        case 4, 6, 7, 10, 14, 17: try judge(name, value)
        default: break
        }
    }

    private mutating func judge(_ name: Bytes, _ value: Bytes) throws(HTTP1Fault) {
        switch name.count {
        case 4 where isRequest && name.matches("host"):
            guard !hasHost else { throw .severalHosts }
            hasHost = true
            guard Host.isValid(value) else { throw .host }
        case 6 where isRequest && name.matches("expect"):
            expectation = expectation == .none && value.matches("100-continue") ? .goOn : .other
        case 7 where name.matches("upgrade"):
            if !value.isEmpty { hasUpgrade = true }
        case 10 where name.matches("connection"):
            noteConnection(value)
        case 14 where name.matches("content-length"):
            guard length == nil, let number = Self.number(value) else { throw .contentLength }
            length = number
        case 17 where name.matches("transfer-encoding"):
            encoding = encoding == .none && value.matches("chunked") ? .chunked : .other
        default: break
        }
    }

    private mutating func noteConnection(_ value: Bytes) {
        if value.matches("keep-alive") {
            keeps = true
            return
        }
        var (closes, keeps, upgrades) = (false, false, false)
        value.forEachElement { element in
            if element.matches("close") { closes = true }
            if element.matches("keep-alive") { keeps = true }
            if element.matches("upgrade") { upgrades = true }
        }
        if closes { self.closes = true }
        if keeps { self.keeps = true }
        if upgrades { namesUpgrade = true }
    }

    /// A length up to 2^53, which every language can hold.
    private static func number(_ digits: Bytes) -> Int? {
        var number = 0
        for index in 0..<digits.count {
            let digit = digits[index]
            guard ByteClass.isDigit(digit) else { return nil }
            number = number &* 10 &+ Int(digit &- UInt8(ascii: "0"))
            guard number <= 1 << 53 else { return nil }
        }
        return digits.isEmpty ? nil : number
    }

    /// Whether another message may follow (RFC 9112 §9.3).
    func keepsAlive(_ minorVersion: Int) -> Bool {
        !closes && (minorVersion > 0 || keeps)
    }

    /// The caller waits for a word before it sends the body.
    var expectsContinue: Bool { expectation == .goOn }

    /// The caller would change the protocol.
    var upgrades: Bool { namesUpgrade && hasUpgrade }

    /// Whether the fields claim that there is a body.
    var announcesBody: Bool { encoding != .none || (length ?? 0) > 0 }

    /// Which body follows by the fields alone; nil when they say nothing (RFC 9112 §6.3).
    func framing(_ minorVersion: Int) throws(HTTP1Fault) -> HTTP1Framing? {
        switch encoding {
        case .none: return length.map { $0 > 0 ? .length($0) : .none }
        case .chunked, .other:
            // Both are how a request is smuggled past one that believes the other field (RFC 9112 §6.1, §11.2).
            guard minorVersion > 0 else { throw .encodedTooEarly }
            guard length == nil else { throw .encodedAndCounted }
            guard encoding == .chunked else { throw .transferEncoding }
            return .chunked
        }
    }

    /// The framing of a request's body, when nothing but the whole head tells that it is valid.
    func requestFraming(_ minorVersion: Int) throws(HTTP1Fault) -> HTTP1Framing {
        guard hasHost || minorVersion == 0 else { throw .noHost }
        let framing = try framing(minorVersion) ?? .none
        guard expectation != .other else { throw .expectation }
        return framing
    }
}
