import NIOCore
import Testing

@testable import Kit

@Suite("The circuit of an instance")
struct CircuitTests {
    private func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(1_000_000_000_000 + UInt64(seconds * 1e9)) }

    /// One that was opened at a time.
    private func opened(at seconds: Double) -> Circuit {
        var circuit = Circuit()
        circuit.open(at: at(seconds))
        return circuit
    }

    @Test("five failures in a row are too many")
    func consecutive() {
        var circuit = Circuit()
        for _ in 0..<4 {
            let isTooMuch = circuit.failed(at: at(0))
            #expect(!isTooMuch)
        }
        let isTooMuch = circuit.failed(at: at(0))
        #expect(isTooMuch)
    }

    @Test("a success between failures begins the row anew")
    func interrupted() {
        var circuit = Circuit()
        for round in 0..<4 {
            for _ in 0..<4 {
                let isTooMuch = circuit.failed(at: at(Double(round) * 11))
                #expect(!isTooMuch)
            }
            circuit.succeeded(at: at(Double(round) * 11))
            #expect(circuit.consecutive == 0)
        }
    }

    @Test("failures more than half a minute apart are not in a row, those ten seconds apart are")
    func gap() {
        var rare = Circuit()
        for round in 0..<20 {
            let isTooMuch = rare.failed(at: at(Double(round) * 31))
            #expect(!isTooMuch)
        }
        var slow = Circuit()
        var outcomes: [Bool] = []
        for round in 0..<5 { outcomes.append(slow.failed(at: at(Double(round) * 10))) }
        #expect(outcomes == [false, false, false, false, true])
    }

    @Test("half of twenty requests failing is too many, and of nineteen not yet")
    func share() {
        var circuit = Circuit()
        var outcomes: [Bool] = []
        for round in 0..<10 {
            outcomes.append(circuit.failed(at: at(Double(round) / 10)))
            circuit.succeeded(at: at(Double(round) / 10))
        }
        #expect(outcomes.allSatisfy { !$0 })
        let isTooMuch = circuit.failed(at: at(1))
        #expect(isTooMuch)
    }

    @Test("fewer than half are borne, however long it goes on")
    func small() {
        var circuit = Circuit()
        for round in 0..<10_000 {
            let now = at(Double(round) / 100)
            let isTooMuch = round.isMultiple(of: 3) && circuit.failed(at: now)
            #expect(!isTooMuch)
            if !round.isMultiple(of: 3) { circuit.succeeded(at: now) }
        }
    }

    @Test("successes from before the window don't make up for failures in it")
    func window() {
        var circuit = Circuit()
        _ = circuit.failed(at: at(0))
        for _ in 0..<10_000 { circuit.succeeded(at: at(1)) }
        var failures = 0
        var isTooMuch = false
        while !isTooMuch, failures < 50 {
            isTooMuch = circuit.failed(at: at(11))
            circuit.succeeded(at: at(11))
            failures += 1
        }
        #expect(failures == 11)
    }

    @Test("it is suspect from the first failure to the first success behind the window")
    func suspicion() {
        var circuit = Circuit()
        #expect(!circuit.isSuspect)
        circuit.succeeded(at: at(0))
        #expect(!circuit.isSuspect)
        _ = circuit.failed(at: at(0))
        #expect(circuit.isSuspect)
        circuit.succeeded(at: at(9))
        #expect(circuit.isSuspect)
        circuit.succeeded(at: at(10))
        #expect(!circuit.isSuspect)
    }

    @Test("open, it lets one request through after its pause, and no second one before that ended")
    func trial() {
        var circuit = opened(at: 0)
        #expect(circuit.state == .open(until: at(1)))
        var begun = circuit.beginTrial(at: at(0.999))
        #expect(!begun)
        begun = circuit.beginTrial(at: at(1))
        #expect(begun)
        #expect(circuit.state == .trial)
        begun = circuit.beginTrial(at: at(100))
        #expect(!begun)
    }

    @Test("a trial that is answered closes it; it starts with nothing to its account")
    func answered() {
        var circuit = Circuit()
        for _ in 0..<5 { _ = circuit.failed(at: at(0)) }
        circuit.open(at: at(0))
        _ = circuit.beginTrial(at: at(1))
        circuit.endTrial(isAnswered: true, at: at(1))
        #expect(circuit.state == .closed)
        #expect(!circuit.isSuspect)
        let isTooMuch = circuit.failed(at: at(1))
        #expect(!isTooMuch)
    }

    @Test("each trial that fails doubles the pause, up to half a minute")
    func growth() {
        var circuit = opened(at: 0)
        var pauses = [circuit.pause]
        var now = 0.0
        for _ in 0..<7 {
            now += 100
            _ = circuit.beginTrial(at: at(now))
            circuit.endTrial(isAnswered: false, at: at(now))
            #expect(circuit.state == .open(until: at(now) + circuit.pause))
            pauses.append(circuit.pause)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
    }

    @Test("opened again soon after it closed, it goes on with longer pauses; later, with the short one")
    func relapse() {
        var circuit = opened(at: 0)
        _ = circuit.beginTrial(at: at(1))
        circuit.endTrial(isAnswered: true, at: at(1))
        circuit.open(at: at(30))
        #expect(circuit.pause == .seconds(2))
        _ = circuit.beginTrial(at: at(32))
        circuit.endTrial(isAnswered: true, at: at(32))
        circuit.open(at: at(62))
        #expect(circuit.pause == .seconds(1))
    }

    @Test("a trial that tells nothing makes room for the next one at once")
    func abandoned() {
        var circuit = opened(at: 0)
        _ = circuit.beginTrial(at: at(5))
        circuit.abandonTrial(at: at(6))
        let begun = circuit.beginTrial(at: at(6))
        #expect(begun)
        #expect(circuit.pause == .seconds(1))
    }

    @Test("what else ends while it is open or on trial changes nothing")
    func others() {
        for isOnTrial in [false, true] {
            var circuit = opened(at: 0)
            if isOnTrial { _ = circuit.beginTrial(at: at(1)) }
            let before = circuit.state
            for _ in 0..<10 {
                let isTooMuch = circuit.failed(at: at(1))
                #expect(!isTooMuch)
            }
            circuit.succeeded(at: at(1))
            #expect(circuit.state == before)
            #expect(!circuit.isSuspect)
        }
    }
}
