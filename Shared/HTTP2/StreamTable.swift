/// What belongs to the streams of a connection, by their numbers: to look there costs a tenth of what a dictionary
/// takes, and each request looks a dozen times.
///
/// Open addressing with linear probing. One side's numbers are all odd and count upwards (RFC 9113 §5.1.1), so half a
/// number is its place, and as a rule nobody else's. A peer that leaves out numbers so that many share one place makes
/// each look pass as many numbers as there are open streams, of which a connection allows few.
public struct StreamTable<Value> {
    /// By place; 0, which is no request's, where the place is free.
    @usableFromInline var numbers: [Int32] = []
    @usableFromInline var values: [Value?] = []
    @usableFromInline var known = 0

    /// A table without streams, and without room until there is one.
    @inlinable public init() {}

    /// How many streams it knows.
    @inlinable public var count: Int { known }
    /// Whether it knows no stream.
    @inlinable public var isEmpty: Bool { known == 0 }

    /// What belongs to a stream, or nil.
    @inlinable
    public subscript(number: Int32) -> Value? {
        guard let place = place(of: number) else { return nil }
        return values[place]
    }

    @inlinable var mask: Int { numbers.count &- 1 }

    @inlinable
    func place(of number: Int32) -> Int? {
        guard known > 0 else { return nil }
        var place = home(of: number)
        while true {
            let found = numbers[place]
            if found == 0 { return nil }
            if found == number { return place }
            place = (place &+ 1) & mask
        }
    }

    @inlinable
    func home(of number: Int32) -> Int { Int(number >> 1) & mask }

    /// Lets `value` belong to a stream, in place of what did so.
    @inlinable
    public mutating func insert(_ value: Value, for number: Int32) {
        precondition(number > 0, "no stream has the number \(number)")
        if let place = place(of: number) {
            values[place] = value
            return
        }
        // A quarter stays free, so that each look ends soon.
        if (known + 1) * 4 > numbers.count * 3 { grow() }
        put(value, number)
        known += 1
    }

    @inlinable
    mutating func put(_ value: Value, _ number: Int32) {
        var place = home(of: number)
        while numbers[place] != 0 { place = (place &+ 1) & mask }
        numbers[place] = number
        values[place] = value
    }

    @inlinable
    mutating func grow() {
        let (oldNumbers, oldValues) = (numbers, values)
        let size = max(8, numbers.count * 2)
        numbers = Array(repeating: 0, count: size)
        values = Array(repeating: nil, count: size)
        for (number, value) in zip(oldNumbers, oldValues) {
            if let value { put(value, number) }
        }
    }

    /// Forgets a stream, and tells what belonged to it.
    @inlinable
    @discardableResult
    public mutating func remove(_ number: Int32) -> Value? {
        guard var free = place(of: number) else { return nil }
        let removed = values[free]
        known -= 1
        // Those behind it that could not have their own place move up, so that no look ends before them.
        var next = (free &+ 1) & mask
        while numbers[next] != 0 {
            let distance = (next &- home(of: numbers[next])) & mask
            if distance >= (next &- free) & mask {
                numbers[free] = numbers[next]
                values[free] = values[next]
                free = next
            }
            next = (next &+ 1) & mask
        }
        numbers[free] = 0
        values[free] = nil
        return removed
    }

    /// Forgets all streams, and tells them in the order in which they began.
    @inlinable
    @discardableResult
    public mutating func removeAll() -> [(number: Int32, value: Value)] {
        defer { self = StreamTable() }
        return all
    }

    /// All streams, in the order in which they began.
    @inlinable public var all: [(number: Int32, value: Value)] {
        zip(numbers, values).compactMap { number, value in value.map { (number, $0) } }
            .sorted { $0.number < $1.number }
    }
}
