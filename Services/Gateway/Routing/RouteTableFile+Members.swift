import Kit

/// Members of a route table's entries, with what they may be.
extension RouteTableFile {
    static func entries(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let entries)? = value { entries } else { [] }
    }

    static func refuseUnknown(_ entry: JSONValue, _ place: String, _ known: [String]) throws(Fault) {
        guard case .object(let members) = entry else { throw Fault(description: "\(place) must be an object") }
        if let member = members.first(where: { !known.contains($0.name) }) {
            throw Fault(description: "\(place).\(member.name) is not known; there are \(known.joined(separator: ", "))")
        }
    }

    static func text(_ entry: JSONValue, _ name: String, _ place: String) throws(Fault) -> String {
        guard let text = entry[name]?.string, !text.isEmpty else {
            throw Fault(description: "\(place).\(name) must be a string")
        }
        return text
    }

    /// A list of words, each one that could stand in a list with commas and blanks between; empty when it is not there.
    static func words(_ entry: JSONValue, _ name: String, _ place: String) throws(Fault) -> [String] {
        guard let value = entry[name] else { return [] }
        let fault = Fault(description: "\(place).\(name) must be a list of words without blanks and commas")
        guard case .array(let entries) = value, !entries.isEmpty else { throw fault }
        var words: [String] = []
        for entry in entries {
            guard let word = entry.string, !word.isEmpty, !word.contains(where: { $0.isWhitespace || $0 == "," }) else {
                throw fault
            }
            words.append(word)
        }
        return words
    }

    static func number(
        _ entry: JSONValue, _ name: String, _ place: String, _ range: ClosedRange<Int>, otherwise: Int
    ) throws(Fault) -> Int {
        guard let value = entry[name] else { return otherwise }
        guard let number = value.integer, range.contains(number) else {
            throw Fault(
                description: "\(place).\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// False when it is not there.
    static func flag(_ entry: JSONValue, _ name: String, _ place: String) throws(Fault) -> Bool {
        guard let value = entry[name] else { return false }
        guard case .bool(let flag) = value else { throw Fault(description: "\(place).\(name) must be true or false") }
        return flag
    }

    /// Whether a member is there, which may have that one value only.
    static func isSaid(_ entry: JSONValue, _ name: String, _ value: String, _ place: String) throws(Fault) -> Bool {
        guard let member = entry[name] else { return false }
        guard member.string == value else { throw Fault(description: "\(place).\(name) must be \(value)") }
        return true
    }
}
