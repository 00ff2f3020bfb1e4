import ArgumentParser
import FoundationEssentials
import Glibc
import Schema

/// Brings the database's schema to a revision.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse-migrate", abstract: "Brings the database's schema to a revision.",
        discussion: """
            The database is DATABASE_MIGRATE_URL, else DATABASE_URL; its password may be given apart as
            DATABASE_MIGRATE_PASSWORD or DATABASE_PASSWORD, and each of these in a file named by NAME_FILE.
            """,
        subcommands: [Upgrade.self, Downgrade.self, Current.self, History.self, Stamp.self, Check.self, Revision.self])
}

do {
    var command = try Migrate.parseAsRoot(StepArguments.guarded(CommandLine.arguments.dropFirst()))
    try command.run()
} catch let error as MigrationError {
    StandardError.write("gatehouse-migrate: \(error)\n")
    exit(1)
} catch {
    let code = Migrate.exitCode(for: error)
    let message = Migrate.fullMessage(for: error)
    if code.isSuccess { print(message) } else { StandardError.write(message + "\n") }
    exit(code.isSuccess ? 0 : code == .validationFailure ? 2 : code.rawValue)
}
