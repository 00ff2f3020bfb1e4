/// Something that an executable does once and ends, instead of running as a service.
public struct ProcessCommand: Sendable {
    /// The word that asks for it: `--verify-audit`.
    let name: String
    let body: @Sendable (ProcessContext, [String]) async throws -> Int32

    /// A command.
    /// - Parameters:
    ///   - name: The word that asks for it, with two dashes before it.
    ///   - body: Does it, with the words that follow; returns the exit code.
    public init(_ name: String, _ body: @escaping @Sendable (ProcessContext, [String]) async throws -> Int32) {
        self.name = name
        self.body = body
    }
}
