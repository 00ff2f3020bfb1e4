import NIOCore
import Testing

@testable import Gateway

@Suite("Memory of connections that have left")
struct CrowdTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// How it judges these numbers of connections, each at a second.
    private func judge(_ counts: [(count: Int, second: Int64)]) -> (verdicts: [Bool], hasLeft: Bool) {
        var crowd = Crowd()
        let verdicts = counts.map { crowd.isOver($0.count, start + .seconds($0.second)) }
        return (verdicts, crowd.hasLeft)
    }

    @Test("is given back a while after half of many have left, once")
    func half() {
        let (verdicts, hasLeft) = judge([
            (500, 0), (251, 1), (250, 2), (240, 7), (230, 8), (230, 60), (115, 61), (110, 67),
        ])
        #expect(verdicts == [false, false, false, false, true, false, false, true])
        #expect(!hasLeft)
    }

    @Test("is left alone where there were few")
    func few() {
        let (verdicts, hasLeft) = judge([(63, 0), (0, 1), (0, 60)])
        #expect(verdicts == [false, false, false])
        #expect(!hasLeft)
    }

    @Test("is not given back while callers come and go, but in the end")
    func comingAndGoing() {
        let begin: [(Int, Int64)] = [(100, 0), (10, 1), (100, 3), (0, 4), (100, 6), (0, 9), (0, 14)]
        #expect(judge(begin).verdicts.allSatisfy { !$0 })
        #expect(judge(begin).hasLeft)
        let all = judge(begin + [(0, 15)])
        #expect(all.verdicts.last == true)
        #expect(!all.hasLeft)
    }
}
