import Domain
import Testing

@testable import Admin

@Suite("Names of roles and permissions")
struct RoleFieldTests {
    @Test("a permission is two plain words")
    func permissions() {
        for name in ["orders:read", "a:b", "a1_.-:b2", String(repeating: "a", count: 32) + ":x"] {
            #expect(RoleFields.isPermission(name), "\(name)")
        }
        let bad = [
            "", ":", "a:", ":b", "a", "a:b:c", "A:b", "1a:b", "a b:c", "a:b,c:d", "ä:b", "a:b\n", "#1:a", ".a:b",
        ]
        for name in bad + [String(repeating: "a", count: 33) + ":x"] {
            #expect(!RoleFields.isPermission(name), "\(name)")
        }
    }

    @Test("every permission of the catalogue is one, and no tenant's own can be of its resources")
    func catalogue() {
        for permission in Permission.allCases { #expect(RoleFields.isPermission(permission.rawValue)) }
    }

    @Test("each thing done to many needs what it needs when done to one")
    func acts() {
        #expect(UserAct.allCases.filter { $0.permission == .usersDelete } == [.delete])
        #expect(UserAct.allCases.filter { $0.permission == .sessionsRevoke } == [.logout])
        #expect(UserAct.allCases.count { $0.permission == .usersWrite } == 6)
    }
}
