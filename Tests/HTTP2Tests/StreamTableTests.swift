import Testing

@testable import HTTP2

@Suite("Table of streams")
struct StreamTableTests {
    /// What is asked of a table and of a dictionary has one answer, whatever came before: with numbers as they come, with
    /// such as share one place, and with a few that come again and again.
    @Test(arguments: [2, 4096, 6])
    func answersAsADictionaryDoes(step: Int32) {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var table = StreamTable<Int>()
            var expected: [Int32: Int] = [:]
            var next: Int32 = 1
            for turn in 0..<400 {
                let known = expected.keys.randomElement(using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    table.insert(turn, for: next)
                    expected[next] = turn
                    next = (next + step) % (1 << 20) | 1
                case 5:
                    guard let known else { continue }
                    table.insert(turn, for: known)
                    expected[known] = turn
                default:
                    guard let known else { continue }
                    #expect(table.remove(known) == expected.removeValue(forKey: known))
                    #expect(table[known] == nil)
                    #expect(table.remove(known) == nil)
                }
                #expect(table.count == expected.count)
            }
            for (number, value) in expected { #expect(table[number] == value) }
            #expect(table[next] == nil)
            #expect(table[0] == nil && table.remove(0) == nil && table.count == expected.count)
            #expect(table.all.map(\.number) == expected.keys.sorted())
            #expect(Dictionary(uniqueKeysWithValues: table.removeAll().map { ($0.number, $0.value) }) == expected)
            #expect(table.isEmpty && table[1] == nil)
        }
    }

    @Test("it lets go of what it forgets")
    func releases() {
        final class Thing {}
        var table = StreamTable<Thing>()
        weak var seen: Thing?
        do {
            let thing = Thing()
            seen = thing
            table.insert(thing, for: 1)
        }
        #expect(seen != nil)
        table.remove(1)
        #expect(seen == nil)
    }
}
