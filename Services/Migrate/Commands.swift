import ArgumentParser
import FoundationEssentials
import Schema

/// What every command that talks to the database takes.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "Seconds to go on trying while the database can't be reached.")
    var wait = 0
    @Option(help: "Seconds to wait for another migrator.")
    var lockWait = 60

    func migrator() throws -> Migrator {
        let (url, password) = try DatabaseVariables.read()
        return try Migrator(url: url, password: password, wait: wait) { print($0) }
    }
}

struct Upgrade: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Applies migrations: head, +N or a revision.")
    @Argument(help: "head, +N or a revision; with --sql also FROM:TO.") var target = "head"
    @Flag(help: "Print the SQL instead of running it.") var sql = false
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        guard sql else {
            return try connection.migrator().upgrade(to: parsed(target), lockWait: connection.lockWait)
        }
        let range = target.split(separator: ":", maxSplits: 1).map(String.init)
        let from = range.count == 2 && range[0] != "base" ? range[0] : nil
        let plan = try parsed(range.last ?? "head").upgrade(from: from, Migration.embedded)
        print(MigrationScript.upgrade(plan), terminator: "")
    }
}

struct Downgrade: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Takes migrations back: -N, base or a revision.")
    @Argument(help: "-N, base or a revision; with --sql also FROM:TO.") var target: String
    @Flag(help: "Print the SQL instead of running it.") var sql = false
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let target = StepArguments.plain(target)
        guard sql else {
            return try connection.migrator().downgrade(to: parsed(target), lockWait: connection.lockWait)
        }
        let range = target.split(separator: ":", maxSplits: 1).map(String.init)
        let from = range.count == 2 && range[0] != "head" ? range[0] : Migration.embedded.last?.revision
        let plan = try parsed(range.last ?? "base").downgrade(from: from, Migration.embedded)
        print(MigrationScript.downgrade(plan), terminator: "")
    }
}

struct Current: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Says where the database is.")
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let applied = try connection.migrator().applied()
        print(applied.last.map { "\($0.revision)_\($0.name)" } ?? "base")
    }
}

struct History: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the migrations and which are applied.")
    @Flag(help: "Also when, and the checksums.") var verbose = false
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let applied = try connection.migrator().applied()
        for migration in Migration.embedded {
            let entry = applied.first { $0.revision == migration.revision }
            var line = "\(entry == nil ? "pending" : "applied")  \(migration.title)"
            if verbose, let entry { line += "  \(entry.appliedAt)  \(entry.checksum)" }
            print(line)
        }
        for entry in applied where !Migration.embedded.contains(where: { $0.revision == entry.revision }) {
            print("unknown  \(entry.revision)_\(entry.name)")
        }
    }
}

struct Stamp: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Notes a revision without running anything.")
    @Argument(help: "A revision, or base.") var revision: String
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let last = Migration.embedded.last?.revision ?? "base"
        try connection.migrator().stamp(revision == "head" ? last : revision, lockWait: connection.lockWait)
    }
}

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Fails when a migration is pending or was changed.")
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        try connection.migrator().check()
        print("the schema is at \(Migration.embedded.last?.title ?? "base"), which is head")
    }
}

struct Revision: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Begins a new migration: two files with the next number.")
    @Option(name: .shortAndLong, help: "What it does, in a few words.") var message: String
    @Option(help: "Where the migrations are.") var directory = "Shared/Schema/Migrations"

    func run() throws {
        let words = message.lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
        guard !words.isEmpty else { throw ValidationError("the message needs a letter or digit") }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw ValidationError("there is no folder \(directory); name it with --directory")
        }
        let number = (names.compactMap { Int($0.prefix(4)) }.max() ?? 0) + 1
        let digits = String(number)
        let stem = String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + words.joined(separator: "_")
        for half in ["up", "down"] {
            let path = "\(directory)/\(stem).\(half).sql"
            let text = half == "up" ? "-- \(message)\n\n" : "-- Takes back: \(message)\n\n"
            try Data(text.utf8).write(to: URL(filePath: path), options: .withoutOverwriting)
            print(path)
        }
    }
}

private func parsed(_ text: String) throws -> MigrationTarget {
    guard let target = MigrationTarget(text) else { throw ValidationError("\(text) is no target") }
    return target
}
