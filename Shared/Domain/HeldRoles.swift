import Octets

/// The roles of a user as the database tells them, for the tokens it issues (`roles.claims` of migration 0011).
public struct HeldRoles: Sendable, Equatable {
    /// The names of all of them.
    public let names: [String]
    /// What the custom ones among them give; nil when there are none.
    public let custom: CustomRoles?

    /// Sorts what `role_claims` returns: names, epochs behind `#`, and permissions, which have a colon.
    public init(claims: [String]) {
        var names: [String] = []
        var permissions: Set<String> = []
        var epoch: Int64?
        for claim in claims {
            if claim.hasPrefix("#") {
                epoch = max(epoch ?? 0, Int64(claim.dropFirst()) ?? 0)
            } else if claim.utf8.contains(UInt8(ascii: ":")) {
                permissions.insert(claim)
            } else {
                names.append(claim)
            }
        }
        self.names = names
        custom = epoch.map { CustomRoles(epoch: $0, permissions: permissions.sorted()) }
    }

    /// What they give together.
    public var permissions: Permissions { Permissions(roles: names, custom: custom?.permissions ?? []) }
}

/// What the custom roles of a user give, and since when.
public struct CustomRoles: Sendable, Equatable {
    /// The latest change of any of them, as the tenant counts. A token of a lower one than a role's is refused.
    public let epoch: Int64
    /// What they give, sorted; nil in a token that could not hold them all.
    public let permissions: [String]?

    /// Custom roles of that epoch.
    public init(epoch: Int64, permissions: [String]?) {
        self.epoch = epoch
        self.permissions = permissions
    }

    /// The most names a token takes, and the most bytes of them.
    private static let (mostNames, mostBytes) = (20, 1024)

    /// As a token says it: without the permissions where they are many.
    public var fittingToken: CustomRoles {
        let names = permissions ?? []
        let fits = names.count <= Self.mostNames && names.reduce(0) { $0 + $1.utf8.count } <= Self.mostBytes
        return fits ? self : CustomRoles(epoch: epoch, permissions: nil)
    }
}

extension CustomRoles {
    /// On one line, as the gateway tells services: the epoch, a semicolon, and the permissions with commas between them,
    /// or a question mark where the token left them out. No space: a header's value ends with none (RFC 9113 §8.2.1).
    public var line: String { "\(epoch);\(permissions?.joined(separator: ",") ?? "?")" }

    /// Reads a `line`.
    public init?(line: String) {
        guard let semicolon = line.utf8.firstIndex(of: UInt8(ascii: ";")), let epoch = Int64(line[..<semicolon]) else {
            return nil
        }
        let names = line[semicolon...].dropFirst()
        self.init(epoch: epoch, permissions: names == "?" ? nil : names.words(between: ",").map(String.init))
    }
}
