import ArgumentParser
import Domain
import FoundationEssentials
import Kit

/// A kind of thing that people call by a name, and the API by an id.
protocol NamedKind: Sendable {
    /// What one is called.
    static var noun: String { get }
    /// What names one, for the help.
    static var help: String { get }
    /// The list that it is looked up in.
    static var list: String { get }
    /// The member of the list's answer that holds the elements.
    static var member: String { get }
    /// The members that a name is compared with.
    static var names: [String] { get }
    /// The parameter that finds a name's beginning; nil where the whole list is gone through.
    static var search: String? { get }
}

extension NamedKind {
    static var search: String? { nil }
}

/// A thing by its id or name.
struct Named<Kind: NamedKind>: EndpointTarget {
    @Argument(help: ArgumentHelp(Kind.help, valueName: Kind.noun)) var name: String

    var title: String? { name }

    func path(_ template: String, _ client: APIClient) throws(Failure) -> String {
        template.replacing(placeholder: "{id}", with: try id(client))
    }

    /// The id, looked up where a name was given. A name has to be the whole of it: nothing is done to whoever comes close.
    func id(_ client: APIClient) throws(Failure) -> String {
        guard UUID(canonical: name) == nil else { return name.lowercased() }
        var request = APIRequest("GET", Kind.list)
        if let search = Kind.search { request.query.append((search, name)) }
        var found: [String] = []
        let walk = ListWalk(client: client, request: request, member: Kind.member)
        try walk.pages(from: nil, limit: 200) { page in
            for element in page where Kind.names.contains(where: { isName(element[$0]?.string) }) {
                if let id = element["id"]?.string { found.append(id) }
            }
        }
        guard let id = found.first else { throw .failed("there is no \(Kind.noun) \(TerminalText.visible(name))") }
        guard found.count == 1 else {
            throw .failed(
                "\(TerminalText.visible(name)) stands for several; give the id: \(found.joined(separator: ", "))")
        }
        return id
    }

    private func isName(_ text: String?) -> Bool { text?.lowercased() == name.lowercased() }
}

/// A word that stands in the path as it is.
struct PathWord: EndpointTarget {
    @Argument(help: "Its name.") var name: String

    var title: String? { name }

    func path(_ template: String, _ client: APIClient) throws(Failure) -> String {
        // These would lead to another path.
        guard name != ".", name != ".." else { throw .usage("\(name) is no name") }
        return template.replacing(placeholder: "{name}", with: PercentEncoding.segment(name))
    }
}

extension String {
    /// The path with a placeholder filled in.
    fileprivate func replacing(placeholder: String, with value: String) -> String {
        guard let range = firstRange(of: placeholder) else { return self }
        return String(self[..<range.lowerBound]) + value + self[range.upperBound...]
    }
}
