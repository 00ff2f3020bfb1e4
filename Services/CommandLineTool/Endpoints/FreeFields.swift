import ArgumentParser
import Kit

/// Members of a body by their names in the API, for whatever has no option of its own.
struct FreeFields: EndpointFields {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A member of the request: NAME=TEXT, or NAME:=JSON for numbers, true, null and lists; dots lead inside objects.",
            valueName: "name=value"))
    var assignments: [String] = []
    @Option(help: "A JSON object to begin with; - for standard input.", completion: .file()) var fromFile: String?

    func members() throws(Failure) -> [JSONValue.Member]? { try members(besides: []) }

    /// The file's members, then those of options of their own, then `--set`: the later one counts.
    func members(besides typed: [JSONValue.Member]) throws(Failure) -> [JSONValue.Member] {
        var body = JSONValue.object(try fileMembers())
        for member in typed { body.set(member.value, at: [member.name][...]) }
        for assignment in assignments {
            let (path, value) = try Self.parsed(assignment)
            body.set(value, at: path[...])
        }
        guard case .object(let members) = body else { return [] }
        return members
    }

    private func fileMembers() throws(Failure) -> [JSONValue.Member] {
        guard let fromFile else { return [] }
        let bytes = try InputFile.bytes(fromFile, as: "--from-file")
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(bytes)
        } catch {
            throw .usage("the file that --from-file names is not JSON: \(error.reason), at byte \(error.offset)")
        }
        guard case .object(let members) = value else {
            throw .usage("the file that --from-file names must hold a JSON object")
        }
        return members
    }

    /// The path and value of an assignment.
    static func parsed(_ assignment: String) throws(Failure) -> (path: [String], value: JSONValue) {
        guard let equals = assignment.firstIndex(of: "=") else {
            throw .usage("--set takes NAME=TEXT or NAME:=JSON")
        }
        var name = assignment[..<equals]
        let text = String(assignment[assignment.index(after: equals)...])
        let isJSON = name.last == ":"
        if isJSON { name.removeLast() }
        let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !path.contains("") else { throw .usage("--set takes NAME=TEXT or NAME:=JSON, and a name is missing") }
        // Arguments can be read by every user of the machine.
        guard path.last.map({ !secrets.contains($0) }) ?? true else {
            throw .usage(
                "\(name) is a secret, which an argument would show to others: put it into the file of --from-file")
        }
        guard isJSON else { return (path, .string(text)) }
        guard let value = try? JSONParser.parse(text.utf8) else {
            throw .usage("--set \(name):= must be followed by JSON; for text it is \(name)=TEXT")
        }
        return (path, value)
    }

    private static let secrets: Set<String> = [
        "password", "new_password", "current_password", "client_secret", "token",
    ]
}

extension JSONValue {
    /// Puts a value where names lead, making objects on the way.
    mutating func set(_ value: JSONValue, at path: ArraySlice<String>) {
        guard let name = path.first else {
            self = value
            return
        }
        var members: [Member] = []
        if case .object(let present) = self { members = present }
        let index = members.firstIndex { $0.name == name } ?? members.count
        if index == members.count { members.append(.init(name, .object([]))) }
        members[index].value.set(value, at: path.dropFirst())
        self = .object(members)
    }
}
