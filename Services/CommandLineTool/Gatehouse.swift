import ArgumentParser
import Kit

/// `gatehouse`: the API at a terminal and in scripts.
struct Gatehouse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "Looks after a Gatehouse: users, tenants, clients, roles, keys.",
        discussion: """
            Where it is: --url, else GATEHOUSE_URL, else http://localhost:8080. Which tenant: --tenant, else \
            GATEHOUSE_TENANT, else the one that the address leads to. Who asks: GATEHOUSE_TOKEN, or the file that \
            GATEHOUSE_TOKEN_FILE names, holds an access token; else who signed in with `gatehouse login`.

            On a terminal there are tables; into a pipe go the same lines with tabs and without a heading, and with \
            --json what the API answered. Errors go to standard error.

            Exit codes: 0 done, 1 refused or failed, 2 not understood, 3 not signed in or not allowed, 4 not reached.
            """,
        version: Version.current,
        subcommands: [
            Login.self, Logout.self, WhoAmI.self, Users.self, Tenants.self, Clients.self, Roles.self,
            PermissionCommands.self, Keys.self, Act<ShowStatistics>.self, Audit.self, MigrateCommand.self, Doctor.self,
        ])
    /// Does what the arguments say.
    ///
    /// On the main thread, which is the one that Ctrl-C reaches: `LoginStore.locked` holds that off there.
    /// - Returns: The exit code.
    @MainActor static func perform(_ arguments: [String]) async -> Int32 {
        do {
            var command = try parseAsRoot(GlobalOptions.arranged(arguments))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let failure as Failure {
            StandardStream.error.write("gatehouse: \(failure)\n")
            return failure.exitCode
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error) + "\n"
            guard !code.isSuccess else {
                StandardStream.output.write(message)
                return 0
            }
            StandardStream.error.write(message)
            return code == .validationFailure ? Failure.Code.usage : code.rawValue
        }
    }
}
