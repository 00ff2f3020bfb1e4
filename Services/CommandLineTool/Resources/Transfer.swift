import ArgumentParser
import FoundationEssentials
import Glibc
import Kit

/// How users are written in a file.
enum TransferFormat: String, ExpressibleByArgument, CaseIterable {
    case ndjson
    case csv

    var mediaType: String {
        switch self {
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv"
        }
    }
}

/// Takes users in from a file.
struct ImportUsers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take users in: a JSON object a line, or CSV.",
        discussion: "With --id, an import that was cut off goes on where it was.")

    @Argument(help: "The file; - for standard input.", completion: .file()) var file: String
    @Option(help: "ndjson or csv; by the file's name unless said.") var format: TransferFormat?
    @Flag(help: "Say what would become of each row and change nothing.") var dryRun = false
    @Option(help: "What becomes of users who are there already.", completion: .list(["fail", "skip", "update"]))
    var onConflict: String?
    @Option(help: "A UUID that names the import.") var id: String?
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let client = try connection.client()
        var query: [(name: String, value: String)] = []
        if dryRun { query.append(("dry_run", "true")) }
        if let onConflict { query.append(("on_conflict", onConflict)) }
        if let id { query.append(("id", id)) }
        var request = APIRequest(
            "POST", "/api/v1/admin/users/import", query: query, body: try InputFile.bytes(file, as: "the file"))
        request.mediaType = (format ?? (file.hasSuffix(".csv") ? .csv : .ndjson)).mediaType
        request.timeout = nil
        let answer = try client.send(request)
        try connection.output.show(answer)
        if let failed = try APIClient.json(answer)?["failed"]?.integer, failed > 0 {
            throw Failure.failed(failed == 1 ? "1 row failed" : "\(failed) rows failed")
        }
    }
}

/// Gives out all users.
struct ExportUsers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Give out all users: a JSON object a line, or CSV.")

    @Option(help: "ndjson or csv.") var format = TransferFormat.ndjson
    @Flag(help: "Password hashes too, for a superuser.") var includePasswordHashes = false
    @Option(help: "A new file for them, readable by you alone; standard output unless said.", completion: .file())
    var output: String?
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let client = try connection.client()
        var request = APIRequest("GET", "/api/v1/admin/users/export", query: [("format", format.rawValue)])
        if includePasswordHashes { request.query.append(("include", "password_hash")) }
        request.timeout = nil
        let descriptor = try output.map { path throws(Failure) in try Self.create(path) } ?? STDOUT_FILENO
        do {
            _ = try client.send(request) { FileBytes.write($0, to: descriptor) }
        } catch {
            // A part of the users must not pass for all.
            if let output { unlink(output) }
            throw error
        }
        guard output == nil || fsync(descriptor) == 0 else { throw Failure.failed("the file can't be written") }
    }

    private static func create(_ path: String) throws(Failure) -> CInt {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .usage("--output: \(path) can't be made: \(SystemError.text)") }
        return descriptor
    }
}
