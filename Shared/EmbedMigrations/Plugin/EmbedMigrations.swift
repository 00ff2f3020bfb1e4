import Foundation
import PackagePlugin

/// Runs the tool that turns the folder of SQL files into Swift, whenever one of them changed.
@main
struct EmbedMigrations: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = target.directoryURL.appending(path: "Migrations")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedMigrations.swift")
        return [
            .buildCommand(
                displayName: "Embedding \(names.count) migration files",
                executable: try context.tool(named: "embed-migrations").url,
                arguments: [folder.path(), output.path()],
                inputFiles: names.map { folder.appending(path: $0) } + [folder],
                outputFiles: [output])
        ]
    }
}
