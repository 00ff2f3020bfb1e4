import Domain
import FoundationEssentials
import Testing

@testable import Identity

@Suite("Roles in an organization")
struct OrganizationRoleTests {
    private func custom(_ permissions: String...) -> OrganizationRole {
        .custom(id: .v7(), name: "custom", permissions: Set(permissions))
    }

    private var all: [OrganizationRole] {
        [
            .owner, .admin, .member, custom(), custom("a:b"), custom("a:b", "c:d"), custom("c:d"),
            custom("members:write", "invitations:write", "roles:write", "organization:write"),
        ]
    }

    @Test("to be above somebody is an order: nobody is above themselves, and no two above each other")
    func order() {
        for one in all {
            #expect(!one.outranks(one))
            for other in all where one.outranks(other) {
                #expect(!other.outranks(one))
                for third in all where other.outranks(third) { #expect(one.outranks(third)) }
            }
        }
    }

    @Test("nobody can give what they don't hold, whatever they may do")
    func noEscalation() {
        let names = ["members:write", "invitations:write", "roles:write", "organization:write", "a:b", "c:d"]
        let held = all
        for giver in held where giver != .owner {
            for given in held {
                let gives =
                    giver.mayReplace(.member, by: given, ofSelf: false) || giver.mayInvite(as: given)
                    || giver.mayShape(given) || giver.mayReplace(giver, by: given, ofSelf: true)
                guard gives else { continue }
                #expect(given != .owner && given != .admin)
                #expect(names.allSatisfy { !given.holds($0) || giver.holds($0) })
            }
        }
    }

    @Test("only owners act on owners and admins")
    func ranks() {
        for one in all where one != .owner {
            for high in [OrganizationRole.owner, .admin] {
                #expect(!one.mayRemove(high, ofSelf: false))
                #expect(!one.mayReplace(high, by: .member, ofSelf: false))
            }
            #expect(one.mayRemove(one, ofSelf: true), "everybody may leave")
        }
        for other in all { #expect(OrganizationRole.owner.mayRemove(other, ofSelf: false)) }
    }

    @Test(
        "a permission is words in lower case with colons between them",
        arguments: [
            ("documents:read", true), ("documents:read:own", true), ("a.b-c_d:0", true), ("documents", false),
            ("", false),
            (":", false), ("a:", false), (":a", false), ("a::b", false), ("A:b", false), ("a: b", false),
            ("ä:b", false),
            ("a:" + String(repeating: "b", count: 62), true), ("a:" + String(repeating: "b", count: 63), false),
        ])
    func permissions(text: String, isOne: Bool) {
        #expect(OrganizationPermission.isOne(text) == isOne)
    }
}
