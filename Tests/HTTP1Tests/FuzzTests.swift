import GatehouseTesting
import HTTP1
import HTTPFields
import Testing

/// Wrong messages made of valid ones; the same each time.
@Suite("Mutated messages")
struct FuzzTests {
    private static let seeds: [UInt64] = Array(1...8)
    private static let rounds = 2_500

    @Test("of requests crash nothing, are read in one way only, and hold what they say", arguments: seeds)
    func requests(_ seed: UInt64) {
        var mutation = Mutation(random: Randomness(seed: seed))
        var other = mutation.requests()
        var read = 0
        for round in 0..<Self.rounds {
            let valid = mutation.requests()
            let bytes = mutation.mutate(valid, with: other)
            other = valid
            let whole = ReadRequests(bytes)
            let split = ReadRequests(bytes, pieces: mutation.pieces(of: bytes.count))
            read += whole.requests.count
            guard !whole.isOutOfOrder, split == whole, whole.requests.reduce(0, { $0 + $1.body.count }) <= bytes.count,
                whole.fault == nil || whole.rest == 0, whole.requests.allSatisfy(holds)
            else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
        // Not all may be refused, or nothing is shown.
        #expect(read > Self.rounds / 4)
    }

    @Test("of answers crash nothing, are read in one way only, and hold what they say", arguments: seeds)
    func responses(_ seed: UInt64) {
        var mutation = Mutation(random: Randomness(seed: seed))
        var other = mutation.responses()
        var read = 0
        for round in 0..<Self.rounds / 2 {
            let valid = mutation.responses()
            let bytes = mutation.mutate(valid, with: other)
            other = valid
            let method = mutation.random.pick(["GET", "GET", "HEAD", "CONNECT"])
            let whole = ReadResponses(bytes, to: method, ends: true)
            let pieces = mutation.pieces(of: bytes.count)
            let split = ReadResponses(bytes, to: method, pieces: pieces, ends: true)
            read += whole.responses.count
            guard !whole.isOutOfOrder, split == whole, whole.responses.reduce(0, { $0 + $1.body.count }) <= bytes.count,
                whole.fault == nil || whole.fault?.status == 502, whole.responses.allSatisfy(holds)
            else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
        #expect(read > Self.rounds / 8)
    }

    /// Whether a request was read as its own fields have it, and is read the same when it is written anew.
    private func holds(_ request: ReadRequest) -> Bool {
        guard let framing = framing(request.fields), framing == request.framing else { return false }
        if request.minorVersion == 0, framing == .chunked { return false }
        if request.minorVersion == 1, request.fields.occurrences(of: "host") != 1 { return false }
        if case .length(let length) = framing, request.isWhole != (request.body.count == length) { return false }
        if framing == .none, !request.body.isEmpty { return false }
        let line = "\(request.method) \(request.target) HTTP/1.\(request.minorVersion)\r\n"
        var again = ReadRequests(Array(line.utf8) + written(request.fields)).requests.first
        again?.body = request.body
        again?.isWhole = request.isWhole
        return again == request
    }

    private func holds(_ response: ReadResponse) -> Bool {
        let announced = framing(response.fields)
        switch response.framing {
        case .none:
            if !response.body.isEmpty { return false }
        case .length(let length):
            if announced != .length(length) || response.isWhole != (response.body.count == length) { return false }
        case .chunked:
            if announced != .chunked || response.minorVersion == 0 { return false }
        case .untilClose:
            let isSilent = response.fields.occurrences(of: "content-length") == 0
            if announced != HTTP1Framing.none || !isSilent || response.keepsAlive || !response.isWhole { return false }
        }
        // Written anew, with the method it was read for left open.
        let line = "HTTP/1.\(response.minorVersion) \(response.status) again\r\n"
        let bytes = Array(line.utf8) + written(response.fields)
        return ["GET", "HEAD", "CONNECT"].contains { method in
            var again = ReadResponses(bytes, to: method).responses.first
            again?.body = response.body
            again?.isWhole = response.isWhole
            return again == response
        }
    }

    /// The framing that the fields name; nil when they name two.
    private func framing(_ fields: HeaderBlock) -> HTTP1Framing? {
        let lengths = fields.occurrences(of: "content-length")
        let encodings = fields.occurrences(of: "transfer-encoding")
        guard lengths + encodings <= 1 else { return nil }
        if encodings == 1 { return fields.value(of: "transfer-encoding")?.lowercased() == "chunked" ? .chunked : nil }
        guard lengths == 1 else { return HTTP1Framing.none }
        return fields.value(of: "content-length").flatMap { Int($0) }.map { $0 == 0 ? .none : .length($0) }
    }

    private func written(_ fields: HeaderBlock) -> [UInt8] {
        var bytes: [UInt8] = []
        fields.forEach { name, value in bytes += Array(name) + [0x3a] + Array(value) + [0x0d, 0x0a] }
        return bytes + [0x0d, 0x0a]
    }
}
