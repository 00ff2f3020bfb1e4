import ArgumentParser
import Kit

/// The command of a route that answers with a list.
struct Listing<Of: ListEndpoint>: RoutedCommand {
    static var route: (method: String, path: String) { ("GET", Of.path) }
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Of.name, abstract: Of.abstract)
    }

    @OptionGroup var target: Of.Target
    @OptionGroup var fields: Of.Fields
    @OptionGroup var pages: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let client = try connection.client()
        var request = APIRequest("GET", try target.path(Of.path, client))
        request.query = try fields.members()?.query ?? []
        let walk = ListWalk(client: client, request: request, member: Of.member)
        try pages.run(walk, Of.columns, connection.output)
    }
}

/// How much of a list is wanted.
struct PageOptions: ParsableArguments {
    @Option(help: "Elements of a page.") var limit: Int?
    @Option(help: "Where the page begins, as the page before said.") var cursor: String?
    @Flag(help: "Every page; with --json an element a line.") var all = false

    func run(_ walk: ListWalk, _ columns: [Column], _ output: Output) throws(Failure) {
        guard !all else {
            guard output.isTerminal, !output.json else {
                return try walk.pages(from: cursor, limit: limit ?? 200) { output.part($0, columns) }
            }
            // Columns are as wide as the widest of all pages.
            var elements: [JSONValue] = []
            try walk.pages(from: cursor, limit: limit ?? 200) { elements += $0 }
            return output.list(elements, columns)
        }
        let page = try walk.page(from: cursor, limit: limit)
        output.list(page.elements, columns)
        if let next = page.next { output.note("there are more: --all shows them, --cursor \(next) the next page") }
    }
}

/// A list of the API, page by page.
struct ListWalk {
    let client: APIClient
    let request: APIRequest
    let member: String

    /// One page, and where the next begins.
    func page(from cursor: String?, limit: Int?) throws(Failure) -> (elements: [JSONValue], next: String?) {
        var request = request
        if let limit { request.query.append(("limit", String(limit))) }
        if let cursor { request.query.append(("cursor", cursor)) }
        let json = try client.json(request)
        guard case .array(let elements)? = json?[member] else {
            throw .failed("the answer has no \(member); is \(client.site.base) a Gatehouse of this version?")
        }
        return (elements, json?["next_cursor"]?.string)
    }

    /// Every page from there.
    func pages(from cursor: String?, limit: Int, _ take: ([JSONValue]) -> Void) throws(Failure) {
        var next = cursor
        repeat {
            let page = try page(from: next, limit: limit)
            take(page.elements)
            next = page.next
        } while next != nil
    }
}
