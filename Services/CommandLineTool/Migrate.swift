import ArgumentParser
import FoundationEssentials
import Glibc

/// Hands over to the migrator, which is a program of its own: migrations need the database and nothing else.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema to a revision: gatehouse-migrate.",
        discussion: "Takes what gatehouse-migrate takes; gatehouse migrate --help shows that.")

    @Argument(
        parsing: .captureForPassthrough, help: "upgrade, downgrade, current, history, stamp, check or revision.",
        completion: .list(["upgrade", "downgrade", "current", "history", "stamp", "check", "revision"]))
    var arguments: [String] = []

    func run() throws {
        let program = Sibling.path(of: "gatehouse-migrate")
        let pointers = ([program] + arguments).map { strdup($0) }
        // Comes back only where it fails: from here on this process is the migrator, with its output and exit code.
        execvp(program, pointers + [nil])
        let reason = SystemError.text
        for pointer in pointers { free(pointer) }
        throw Failure.failed("\(program) can't be run: \(reason)")
    }
}

/// Programs that are installed beside this one.
enum Sibling {
    /// The path of a program in this one's folder, or its name, to be searched for in PATH.
    static func path(of name: String) -> String {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let slash = own.lastIndex(of: "/")
        else { return name }
        let path = String(own[...slash]) + name
        return access(path, X_OK) == 0 ? path : name
    }
}
