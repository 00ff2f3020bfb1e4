// Writes a Swift file that holds every migration of a folder: embed-migrations FOLDER OUTPUT

import Foundation

struct Fault: Error {
    let sentence: String
}

func embed(_ folder: String, into output: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
    var stems: [String: Set<String>] = [:]
    for name in names {
        let halves = ["up", "down"].filter { name.hasSuffix(".\($0).sql") }
        guard let half = halves.first else { throw Fault(sentence: "\(name) must end in .up.sql or .down.sql") }
        let stem = String(name.dropLast(half.count + 5))
        let parts = stem.split(separator: "_", maxSplits: 1)
        guard parts.count == 2, parts[0].count == 4, parts[0].allSatisfy(\.isNumber) else {
            throw Fault(sentence: "\(name) must be named NNNN_name.\(half).sql")
        }
        stems[stem, default: []].insert(half)
    }
    var revisions: Set<Substring> = []
    var entries: [String] = []
    for (stem, halves) in stems.sorted(by: { $0.key < $1.key }) {
        guard halves.count == 2 else {
            throw Fault(sentence: "\(stem) has only its \(halves.first ?? "") half")
        }
        let revision = stem.prefix(4)
        guard revisions.insert(revision).inserted else {
            throw Fault(sentence: "two migrations have the number \(revision)")
        }
        func text(_ half: String) throws -> String {
            let text = try String(contentsOfFile: "\(folder)/\(stem).\(half).sql", encoding: .utf8)
            // As many marks as no text holds in a row.
            return "####\"\"\"\n\(text)\n\"\"\"####"
        }
        entries.append(
            """
                    Migration(revision: "\(revision)", name: "\(stem.dropFirst(5))",
                        up: \(try text("up")),
                        down: \(try text("down"))),
            """)
    }
    let source = """
        // Made from the files in Migrations at build time.

        extension Migration {
            /// Every migration, oldest first.
            public static let embedded: [Migration] = [
        \(entries.joined(separator: "\n"))
            ]
        }

        """
    try source.write(toFile: output, atomically: true, encoding: .utf8)
}

do {
    guard CommandLine.arguments.count == 3 else { throw Fault(sentence: "takes a folder and an output file") }
    try embed(CommandLine.arguments[1], into: CommandLine.arguments[2])
} catch {
    let sentence = (error as? Fault)?.sentence ?? "\(error)"
    FileHandle.standardError.write(Data("error: migrations: \(sentence)\n".utf8))
    exit(1)
}
