/// The names of one object or form, of which none may stand twice. Few are compared, which is sooner done than one is hashed;
/// many are hashed, as comparing each with all would be an attack.
struct SeenNames {
    /// Bytes of a name. A text of combining marks is compared in time that grows with the square of its length.
    static let longest = 128
    private static let few = 8
    private var list: [String] = []
    private var set: Set<String> = []

    /// How many there are.
    var count: Int { max(list.count, set.count) }

    /// Adds a name; false where it is there already. Canonically equivalent names are equal as Swift strings and could pass
    /// for one another.
    mutating func insert(_ name: String) -> Bool {
        if set.isEmpty, list.count < Self.few {
            guard !list.contains(name) else { return false }
            list.append(name)
            return true
        }
        if set.isEmpty { set = Set(list) }
        return set.insert(name).inserted
    }
}
