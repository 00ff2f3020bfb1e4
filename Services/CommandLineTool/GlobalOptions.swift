/// The options that every command takes, wherever they stand: `gatehouse --json users list` as well as behind the command.
enum GlobalOptions {
    private static let valued: Set<String> = ["--url", "--tenant", "--ca-file"]

    /// The arguments with these options behind the command, where the parser looks for them.
    static func arranged(_ arguments: [String]) -> [String] {
        // What follows is the migrator's.
        guard arguments.first(where: { !$0.hasPrefix("-") }) != "migrate" else { return arguments }
        var rest = arguments[...]
        var arranged: [String] = []
        var moved: [String] = []
        while let argument = rest.popFirst() {
            if argument == "--" {
                return arranged + moved + [argument] + rest
            } else if argument == "--json" || valued.contains(where: { argument.hasPrefix($0 + "=") }) {
                moved.append(argument)
            } else if valued.contains(argument) {
                moved.append(argument)
                if let value = rest.popFirst() { moved.append(value) }
            } else {
                arranged.append(argument)
            }
        }
        return arranged + moved
    }
}
