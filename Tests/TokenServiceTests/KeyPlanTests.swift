import Testing
import Tokens

@testable import Token

@Suite("What is to be done about signing keys")
struct KeyPlanTests {
    private let schedule = KeyPlan.Schedule(rotation: .seconds(100), publishAhead: .seconds(10))

    private func key(_ kid: String, _ age: Int, _ algorithm: SigningAlgorithm = .es256) -> KeyPlan.Key {
        KeyPlan.Key(kid: kid, algorithm: algorithm, age: .seconds(age))
    }

    private func plan(
        _ active: KeyPlan.Key?, _ next: KeyPlan.Key?, _ algorithm: SigningAlgorithm = .es256,
        _ demand: KeyPlan.Demand = .none
    ) -> KeyPlan {
        KeyPlan(active: active, next: next, algorithm: algorithm, schedule: schedule, demand: demand)
    }

    @Test("a key is published ahead of its time, then used, never both at once")
    func scheduled() {
        #expect(plan(nil, nil) == .replace, "the first key of all")
        #expect(plan(key("a", 0), nil) == .nothing)
        #expect(plan(key("a", 89), nil) == .nothing)
        #expect(plan(key("a", 90), nil) == .publish(replacing: nil))
        #expect(plan(key("a", 95), key("b", 5)) == .nothing)
        #expect(plan(key("a", 100), key("b", 10)) == .activate("b"))
        #expect(plan(key("a", 1000), key("b", 9)) == .nothing, "late as it is, nobody knows the next one yet")
    }

    @Test("another algorithm is a rotation, and a published key of the old one gives way")
    func algorithm() {
        #expect(plan(key("a", 0), nil, .eddsa) == .publish(replacing: nil))
        #expect(plan(key("a", 0), key("b", 10), .eddsa) == .publish(replacing: "b"))
        #expect(plan(key("a", 0), key("b", 10, .eddsa), .eddsa) == .activate("b"))
    }

    @Test("on demand a new key is published; in need it is used at once")
    func demanded() {
        #expect(plan(key("a", 0), nil, .es256, .soon) == .publish(replacing: nil))
        #expect(plan(key("a", 0), key("b", 1), .es256, .soon) == .nothing, "one is on its way already")
        #expect(plan(key("a", 0), nil, .es256, .now) == .replace)
        #expect(plan(key("a", 0), key("b", 10), .es256, .now) == .replace, "the published one may be known, too")
        #expect(plan(key("a", 0), key("b", 1), .eddsa, .now) == .replace)
    }
}
