import Domain
import FoundationEssentials
import Postgres
import Testing

@testable import Events

@Suite("Events")
struct EventTests {
    @Test("the cursor stays below the horizon and never goes back")
    func cursor() {
        var cursor = EventCursor.start
        cursor.advance(to: 100)
        #expect(cursor.transaction == 99)
        cursor.advance(to: 50)
        #expect(cursor.transaction == 99)
        let isAhead = cursor.resetIfAhead(of: 100)
        #expect(!isAhead)
        let isAnew = cursor.resetIfAhead(of: 10)
        #expect(isAnew, "a new cluster counts anew")
        #expect(cursor == .start)
    }

    @Test("a position is one timeline's: on another the cursor begins anew, whatever the horizon is there")
    func timelines() {
        var cursor = EventCursor.start
        /// Whether it began anew, and how far it is then.
        func meets(_ timeline: PostgresTimeline, horizon: Int64) -> Bool {
            let isAnew = cursor.resetIfElsewhere(than: timeline)
            #expect(!isAnew || cursor.isAtStart)
            cursor.advance(to: horizon)
            #expect(cursor.transaction == horizon - 1)
            return isAnew
        }
        let before = PostgresTimeline(system: 7, number: 1)
        let after = PostgresTimeline(system: 7, number: 2)
        let firstReading = meets(before, horizon: 100)
        #expect(!firstReading, "nothing was read before")
        let sameAgain = meets(before, horizon: 110)
        #expect(!sameAgain)
        let promoted = meets(after, horizon: 200)
        #expect(promoted)
        let promotedAgain = meets(after, horizon: 210)
        #expect(!promotedAgain)
        let otherCluster = meets(PostgresTimeline(system: 8, number: 2), horizon: 300)
        #expect(otherCluster)
    }

    @Test("epochs that may be lost are forgotten; ended sessions and single tokens stay refused")
    func forgottenEpochs() {
        let set = RevocationSet(lifetime: .seconds(900))
        let (ended, user) = (UUID(), UUID())
        let roles = event(.rolesChanged, nil, #"{"roles":["clerk"],"epoch":7}"#)
        set.apply(event(.sessionRevoked, ended))
        set.apply(event(.userEpoch, user, #"{"epoch": 3}"#))
        set.apply(roles)
        set.forgetEpochs()
        #expect(set.refuses(session(ended)))
        #expect(!set.refuses(.init(session: nil, id: nil, user: user, epoch: 2)))
        let held = RevocableToken.Roles(tenant: roles.tenant, names: ["clerk"], epoch: 6)
        #expect(!set.refuses(.init(session: nil, id: nil, user: UUID(), epoch: 0, roles: held)))
    }

    @Test("while the past is read again, epochs stay refused, however often; those not told of are forgotten then")
    func relearnedEpochs() {
        let set = RevocationSet(lifetime: .seconds(900))
        let (kept, lowered, lost) = (UUID(), UUID(), UUID())
        let roles = event(.rolesChanged, nil, #"{"roles":["clerk"],"epoch":7}"#)
        let held = RevocableToken(
            session: nil, id: nil, user: UUID(), epoch: 0,
            roles: .init(tenant: roles.tenant, names: ["clerk"], epoch: 6))
        func of(_ user: UUID, _ epoch: Int64) -> RevocableToken {
            .init(session: nil, id: nil, user: user, epoch: epoch)
        }
        func refusesAll() -> Bool {
            set.refuses(of(kept, 2)) && set.refuses(of(lowered, 6)) && set.refuses(of(lost, 4)) && set.refuses(held)
        }
        set.apply(event(.userEpoch, kept, #"{"epoch": 3}"#))
        set.apply(event(.userEpoch, lowered, #"{"epoch": 7}"#))
        set.apply(event(.userEpoch, lost, #"{"epoch": 5}"#))
        set.apply(roles)
        #expect(refusesAll())

        let failed = Relearning()
        failed.begin([set.forgetEpochs])
        #expect(refusesAll(), "nothing was read yet")
        set.apply(event(.userEpoch, kept, #"{"epoch": 3}"#))
        // Postgres went away.
        let second = Relearning()
        second.begin([set.forgetEpochs])
        #expect(refusesAll(), "the first reading did not get to the end")
        #expect(set.count == 4, "nobody is counted twice")
        for epoch in 1...3 { set.apply(event(.userEpoch, kept, #"{"epoch": \#(epoch)}"#)) }
        set.apply(event(.userEpoch, lowered, #"{"epoch": 5}"#))
        set.apply(roles)
        #expect(refusesAll(), "what is to come is not known before the end")

        second.finish()
        #expect(set.refuses(of(kept, 2)))
        #expect(set.refuses(held))
        #expect(set.refuses(of(lowered, 4)))
        #expect(!set.refuses(of(lowered, 5)))
        #expect(!set.refuses(of(lost, 0)))
        #expect(set.count == 3)
    }

    @Test("epochs of the lifetime before stay refused while the past is read again, too")
    func relearnedOldEpochs() {
        let start = Date(timeIntervalSince1970: 0)
        let set = RevocationSet(lifetime: .seconds(100), now: start)
        let (kept, lost) = (UUID(), UUID())
        func refuses(_ user: UUID) -> Bool { set.refuses(.init(session: nil, id: nil, user: user, epoch: 1)) }
        for user in [kept, lost] { set.insert(user: user, epoch: 2, now: start + 90) }
        set.insert([UUID()], now: start + 110)
        let relearning = Relearning()
        relearning.begin([set.forgetEpochs])
        #expect(refuses(kept) && refuses(lost))
        set.insert(user: kept, epoch: 2, now: start + 120)
        relearning.finish()
        #expect(refuses(kept))
        #expect(!refuses(lost))
    }

    private func event(_ kind: Event.Kind, _ subject: UUID?, _ payload: String = "{}") -> Event {
        Event(kind: kind, id: 1, tenant: UUID(), subject: subject, payload: payload, createdAt: Date())
    }

    private func session(_ id: UUID) -> RevocableToken { .init(session: id, id: UUID(), user: UUID(), epoch: 0) }

    @Test("a single token is refused by its id, and a user's tokens up to an epoch")
    func tokens() {
        let set = RevocationSet(lifetime: .seconds(900))
        let (token, user) = (UUID(), UUID())
        func of(_ epoch: Int64) -> RevocableToken { .init(session: UUID(), id: UUID(), user: user, epoch: epoch) }
        set.apply(event(.tokenRevoked, token))
        #expect(set.refuses(.init(session: nil, id: token, user: nil, epoch: 0)))
        #expect(!set.refuses(of(0)))
        set.apply(event(.userEpoch, user, #"{"epoch": 3, "reason": "roles_changed"}"#))
        #expect(set.refuses(of(2)))
        #expect(!set.refuses(of(3)))
        set.apply(event(.userEpoch, user, #"{"epoch": 2}"#))
        #expect(set.refuses(of(2)), "an older event that comes late takes nothing back")
        #expect(!set.refuses(.init(session: nil, id: nil, user: UUID(), epoch: 0)), "others are left alone")
    }

    @Test("tokens that name a changed role are refused up to its epoch, in its own tenant")
    func roles() {
        let set = RevocationSet(lifetime: .seconds(900))
        let change = event(.rolesChanged, nil, #"{"roles":["clerk","boss"],"epoch":7}"#)
        func of(_ names: [String], _ epoch: Int64, in tenant: UUID) -> RevocableToken {
            .init(
                session: UUID(), id: UUID(), user: UUID(), epoch: 0,
                roles: .init(tenant: tenant, names: names, epoch: epoch))
        }
        #expect(!set.refuses(of(["clerk"], 6, in: change.tenant)))
        set.apply(change)
        #expect(set.refuses(of(["USER", "clerk"], 6, in: change.tenant)))
        #expect(set.refuses(of(["boss"], 6, in: change.tenant)))
        #expect(!set.refuses(of(["clerk"], 7, in: change.tenant)))
        #expect(!set.refuses(of(["USER", "cook"], 6, in: change.tenant)))
        #expect(!set.refuses(of(["clerk"], 6, in: UUID())))
        let (user, other) = (UUID(), UUID())
        set.insert(user: user, epoch: 2)
        func both(_ user: UUID, _ epoch: Int64, _ roleEpoch: Int64) -> Bool {
            set.refuses(
                .init(
                    session: nil, id: nil, user: user, epoch: epoch,
                    roles: .init(tenant: change.tenant, names: ["clerk"], epoch: roleEpoch)))
        }
        #expect(both(user, 2, 6), "a good epoch of the user's own does not make up for the role's")
        #expect(both(user, 1, 7))
        #expect(!both(other, 0, 7))
    }

    @Test("sessions that ended are in the set, others are not")
    func revocations() {
        let set = RevocationSet(lifetime: .seconds(900))
        let (one, two, three) = (UUID(), UUID(), UUID())
        set.apply(event(.sessionRevoked, one))
        set.apply(event(.sessionsRevoked, UUID(), #"{"sessions":["\#(two.uuidString.lowercased())"],"reason":"x"}"#))
        set.apply(event(.sessionsRevoked, UUID(), "no JSON"))
        set.apply(event(.userChanged, three))
        #expect(set.refuses(session(one)))
        #expect(set.refuses(session(two)))
        #expect(!set.refuses(session(three)))
        set.apply(event(.sessionRevoked, one))
        #expect(set.count == 2, "an event that comes twice changes nothing")
    }

    @Test("a member stays for a lifetime at least, and goes after two")
    func expiry() {
        let start = Date(timeIntervalSince1970: 0)
        let set = RevocationSet(lifetime: .seconds(100), now: start)
        let (early, late) = (UUID(), UUID())
        set.insert([early], now: start + 99)
        set.insert([late], now: start + 150)
        #expect(set.refuses(session(early)), "51 seconds old")
        set.insert([UUID()], now: start + 260)
        #expect(!set.refuses(session(early)))
        #expect(set.refuses(session(late)))
        set.insert([UUID()], now: start + 900)
        #expect(!set.refuses(session(late)))
    }
}
