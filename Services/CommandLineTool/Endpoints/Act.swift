import ArgumentParser
import Glibc
import Kit

/// The command of a route that shows or does something.
struct Act<Of: ActEndpoint>: RoutedCommand {
    static var route: (method: String, path: String) { (Of.method, Of.path) }
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Of.name, abstract: Of.abstract)
    }

    @OptionGroup var target: Of.Target
    @OptionGroup var fields: Of.Fields
    @OptionGroup var consent: Consent<Of>
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let members = try fields.members()
        try consent.ask(about: target.title)
        let client = try connection.client()
        var request = APIRequest(Of.method, try target.path(Of.path, client))
        if Of.asksByQuery {
            request.query = members?.query ?? []
        } else {
            request.body = members.map { JSONText.bytes(.object($0)) }
        }
        request.headers = fields.headers
        let answer = try client.send(request)
        guard let json = try APIClient.json(answer) else { return connection.output.done(Of.done) }
        if let list = Of.list, !connection.json, case .array(let elements)? = json[list.member] {
            connection.output.list(elements, list.columns)
        } else {
            try connection.output.show(answer)
        }
        if let trouble = Of.trouble(in: json) { throw Failure.failed(trouble) }
    }
}

/// Whether a person has to agree first.
struct Consent<Of: ActEndpoint>: ParsableArguments {
    @Flag(
        name: .shortAndLong,
        help: ArgumentHelp("Do it without asking.", visibility: Of.question == nil ? .hidden : .default))
    var yes = false

    /// Asks on a terminal; elsewhere nobody can answer, so that `--yes` has to be said.
    func ask(about title: String?) throws(Failure) {
        guard let question = Of.question, !yes else { return }
        guard isatty(STDIN_FILENO) == 1 else { throw .usage("nobody can be asked here: say --yes to have it done") }
        let object = title.map { " (\(TerminalText.visible($0)))" } ?? ""
        StandardStream.error.write("\(question)\(object) [y/N] ")
        guard ["y", "yes"].contains(readLine()?.lowercased() ?? "") else { throw .failed("nothing was done") }
    }
}
