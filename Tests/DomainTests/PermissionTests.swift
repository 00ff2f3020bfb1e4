import Domain
import Testing

@Suite("Permissions")
struct PermissionTests {
    private func held(_ roles: [String], _ custom: [String] = []) -> Permissions {
        Permissions(roles: roles, custom: custom)
    }

    @Test("each built-in role gives what it is for, and a custom one's name gives nothing")
    func roles() {
        #expect(held(["USER"]) == .none)
        #expect(held(["USER", "MODERATOR"]) == .named(["users:read", "sessions:read", "sessions:revoke"]))
        #expect(held(["MODERATOR", "ADMIN"]) == .wholeTenant)
        #expect(held(["ADMIN", "superuser"]) == .everything)
        #expect(held(["users:write", "admin"], ["orders:read"]) == .named(["orders:read"]))
        #expect(held(["ADMIN"]).contains("orders:read"))
        #expect(!held(["MODERATOR"]).contains(.usersWrite))
    }

    @Test("what somebody lacks of another is named, and nobody lacks what they hold")
    func lacking() {
        let clerk = held(["USER"], ["orders:read", "users:read"])
        let all = [held(["USER"]), held(["MODERATOR"]), clerk, held(["ADMIN"]), held(["superuser"])]
        for one in all {
            #expect(one.lacks(of: one) == nil)
            #expect(one.lacks(of: .none) == nil)
            #expect(Permissions.everything.lacks(of: one) == nil)
        }
        #expect(held(["MODERATOR"]).lacks(of: clerk) == "orders:read")
        #expect(clerk.lacks(of: held(["MODERATOR"])) == "sessions:read")
        #expect(clerk.lacks(of: held(["ADMIN"])) == "ADMIN")
        #expect(held(["ADMIN"]).lacks(of: held(["superuser"])) == "superuser")
        // Every name of the catalogue is less than an administrator has, who also gets what is made tomorrow.
        #expect(held([], Permission.allCases.map(\.rawValue)).lacks(of: .wholeTenant) == "ADMIN")
    }

    @Test("names of the catalogue are of two plain words, and their resources are reserved")
    func catalogue() {
        for permission in Permission.allCases {
            #expect(permission.rawValue.wholeMatch(of: /[a-z]+:[a-z]+/) != nil)
            #expect(Permission.reservedResources.contains(permission.resource))
            #expect(!permission.summary.isEmpty)
        }
    }

    @Test("what the database says of roles is told apart, and the latest epoch counts")
    func claims() {
        let held = HeldRoles(claims: ["USER", "clerk", "#7", "orders:read", "b:c", "boss", "#12", "b:c", "superuser"])
        #expect(held.names == ["USER", "clerk", "boss", "superuser"])
        #expect(held.custom == CustomRoles(epoch: 12, permissions: ["b:c", "orders:read"]))
        #expect(HeldRoles(claims: ["USER"]).custom == nil)
        #expect(HeldRoles(claims: ["USER", "idle", "#1"]).custom == CustomRoles(epoch: 1, permissions: []))
    }

    @Test("a token takes twenty permissions of a kilobyte together, else none")
    func size() {
        func fitting(_ names: [String]) -> [String]? {
            CustomRoles(epoch: 1, permissions: names).fittingToken.permissions
        }
        let twenty = (0..<20).map { "orders:read\($0)" }
        #expect(fitting(twenty) == twenty)
        #expect(fitting(twenty + ["a:b"]) == nil)
        let long = (0..<16).map { _ in "a:" + String(repeating: "b", count: 62) }
        #expect(fitting(long) == long)
        #expect(fitting(long + ["a:b"]) == nil)
    }

    @Test("the line between processes reads as it was written, and nothing else does")
    func line() {
        for roles in [
            CustomRoles(epoch: 3, permissions: ["a:b", "c:d"]), CustomRoles(epoch: 0, permissions: []),
            CustomRoles(epoch: 9, permissions: nil),
        ] {
            #expect(CustomRoles(line: roles.line) == roles)
            #expect(!roles.line.contains(" "))
        }
        for text in ["", "7", "x;a:b", "a:b", "7 a:b"] { #expect(CustomRoles(line: text) == nil) }
    }
}
