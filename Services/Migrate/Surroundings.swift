import ArgumentParser
import FoundationEssentials
import Glibc

/// Where the database is, from the environment.
enum DatabaseVariables {
    static func read() throws -> (url: String, password: String?) {
        guard let url = try value("DATABASE_MIGRATE_URL") ?? value("DATABASE_URL") else {
            throw ValidationError("DATABASE_MIGRATE_URL or DATABASE_URL must say where the database is")
        }
        return (url, try value("DATABASE_MIGRATE_PASSWORD") ?? value("DATABASE_PASSWORD"))
    }

    private static func value(_ name: String) throws -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let value = environment[name], !value.isEmpty { return value }
        guard let path = environment[name + "_FILE"], !path.isEmpty else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw ValidationError("\(name)_FILE names a file that can't be read")
        }
        var text = String(decoding: data, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}

/// `downgrade -1` as it is typed: the parser would take `-1` for an option.
enum StepArguments {
    private static let mark = "minus"

    static func guarded(_ arguments: some Sequence<String>) -> [String] {
        arguments.map { argument in
            let digits = argument.dropFirst()
            let isStep = argument.first == "-" && !digits.isEmpty && digits.allSatisfy(\.isNumber)
            return isStep ? mark + digits : argument
        }
    }

    static func plain(_ argument: String) -> String {
        argument.hasPrefix(mark) ? "-" + argument.dropFirst(mark.count) : argument
    }
}

/// Text to standard error.
enum StandardError {
    static func write(_ text: String) {
        _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    }
}
