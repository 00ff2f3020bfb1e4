import Kit

extension FieldType where Value == String {
    /// The name of an organization in addresses.
    static let slug = FieldType<String>.name(
        "invalid_slug", "must be 1 to 63 of a-z, 0-9 and '-', with no '-' at either end"
    ) { text in
        text.utf8.count <= 63 && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy { $0.isLowercaseOrDigit || $0 == UInt8(ascii: "-") }
    }

    /// The name of a role that an organization makes.
    static let roleName = FieldType<String>.name(
        "invalid_role_name", "must be 1 to 63 of a-z, 0-9, '-' and '_', a letter first, and not owner, admin or member"
    ) { text in
        text.utf8.count <= 63 && OrganizationRole(builtin: text) == nil
            && text.utf8.first.map { $0.isLowercaseOrDigit && !(0x30...0x39).contains($0) } == true
            && text.utf8.allSatisfy {
                $0.isLowercaseOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }

    private static func name(
        _ code: String, _ rule: String, _ follows: @escaping @Sendable (String) -> Bool
    ) -> FieldType<String> {
        .text(1...63).map(placeholder: "") { text in
            follows(text) ? .success(text) : .failure(FieldFault(code, rule))
        }
    }
}

extension FieldType where Value == [String] {
    /// The permissions of a role; repetitions are dropped.
    static let permissions = FieldType<[String]>.texts(limit: 64).map(placeholder: [String]()) { texts in
        guard texts.allSatisfy(OrganizationPermission.isOne) else {
            return .failure(
                FieldFault(
                    "invalid_permission",
                    "each must be words of a-z, 0-9, '_', '-' and '.', separated by ':', such as documents:read"))
        }
        return .success(Set(texts).sorted())
    }
}

extension UInt8 {
    fileprivate var isLowercaseOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
