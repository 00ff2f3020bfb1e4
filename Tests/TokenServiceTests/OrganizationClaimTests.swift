import FoundationEssentials
import Testing

@testable import Token

@Suite("The organization of a token")
struct OrganizationClaimTests {
    @Test("a choice is an id, none, or nothing between the quotes")
    func choice() {
        let id = UUID()
        #expect(OrganizationChoice(id.uuidString) == .one(id))
        #expect(OrganizationChoice("none") == .without)
        #expect(OrganizationChoice("") == .without)
        for bad in ["None", "null", "acme", id.uuidString + " "] { #expect(OrganizationChoice(bad) == nil) }
    }

    @Test("what the database says of somebody who does not belong to it is no claim")
    func reading() {
        let id = UUID()
        #expect(OrganizationGrant(nil, ["owner"]) == nil)
        #expect(OrganizationGrant(id, nil) == nil)
        #expect(OrganizationGrant(id, []) == nil)
        let grant = OrganizationGrant(id, ["librarian", "a:b", "c:d"])
        #expect(grant?.role == "librarian")
        #expect(grant?.claim == ["a:b", "c:d"])
    }

    @Test("permissions go into a token while they are few, all or none")
    func size() {
        func claim(_ count: Int) -> Int? {
            OrganizationGrant(UUID(), ["r"] + (0..<count).map { _ in "documents:read" })?.claim?.count
        }
        let most = OrganizationGrant.claimLimit / ("documents:read".utf8.count + 3)
        #expect(claim(most) == most)
        #expect(claim(most + 1) == nil)
    }
}
