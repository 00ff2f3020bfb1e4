/// Puts one answer together from the pieces the parser finds, in their order, and refuses what is too large or too
/// deep.
final class ReplyBuilder {
    /// Deepest nesting of arrays.
    static let maximumDepth = 7
    /// What an element counts at least, so that many empty ones are not free.
    static let leastElementSize = 16
    /// Room is made ahead for at most so many elements: the announced count is the server's word only.
    private static let largestReservation = 1024

    private struct Level {
        var missing: Int
        var elements: [RedisValue]
    }

    private let maximumSize: Int
    private var levels: [Level] = []
    private var refusal: RedisError?
    private var complete: RedisValue?
    /// Bytes counted for the answer begun.
    private(set) var size = 0

    init(maximumSize: Int) {
        self.maximumSize = maximumSize
    }

    /// Takes the complete answer, and is ready for the next one.
    func take() -> Reply? {
        guard let value = complete else { return nil }
        let reply = refusal.map { Reply.failure($0) } ?? .success(value)
        complete = nil
        refusal = nil
        size = 0
        return reply
    }

    /// Whether an element of this many bytes is allowed.
    func admits(bytes: Int) -> Bool {
        size += max(bytes, Self.leastElementSize)
        return size <= maximumSize
    }

    /// Begins an array. Returns false where it is too large or too deep.
    func begin(arrayOf count: Int) -> Bool {
        guard levels.count < Self.maximumDepth, admits(bytes: 0), count <= maximumSize / Self.leastElementSize else {
            return false
        }
        if count == 0 {
            add(.array([]))
        } else {
            var elements: [RedisValue] = []
            elements.reserveCapacity(min(count, Self.largestReservation))
            levels.append(Level(missing: count, elements: elements))
        }
        return true
    }

    /// An error answer; as an element it fails the whole, since nothing else may stand in a value's place.
    func add(refusal text: String) {
        if refusal == nil { refusal = RedisError(answer: text) }
        add(.null)
    }

    /// A value that is complete; it may complete the arrays it is last in.
    func add(_ value: RedisValue) {
        var value = value
        while !levels.isEmpty {
            let top = levels.count - 1
            levels[top].elements.append(value)
            levels[top].missing -= 1
            guard levels[top].missing == 0 else { return }
            value = .array(levels.removeLast().elements)
        }
        complete = value
    }
}
