import Configuration
public import FoundationEssentials
import Glibc
import Synchronization

/// Reads settings from the environment, then from a `.env` file, then from their defaults; for each setting `NAME`,
/// `NAME_FILE` may name a file that holds the value instead.
///
///     let values = try await ConfigurationReader.load().read(GatewaySettings.all)
///     let port = values[GatewaySettings.port]
///
/// An empty variable counts as absent, because that is what compose files pass on for one that was never set.
public struct ConfigurationReader: Sendable {
    /// The variable that names the `.env` file; without it, `.env` in the working directory is read if there is one.
    public static let environmentFileName = "GATEHOUSE_ENV_FILE"
    /// Variables that begin so and that nobody declared are warned of.
    public static let ownPrefix = "GATEHOUSE_"

    private struct Source {
        /// As problems name it: "the environment".
        let name: String
        let provider: EnvironmentVariablesProvider
        let variables: Set<String>
        var isFile = false
        var isOpenToEveryone = false
    }

    private struct Finding {
        let text: String
        let origin: String
        let source: Source

        /// Whether every user of the machine can read it where it stands; a file of its own was checked when read.
        var liesOpen: Bool { source.isOpenToEveryone && origin == source.name }
    }

    private var sources: [Source]
    private var problems: [ConfigurationProblem] = []

    /// A reader of these variables only, without any `.env` file.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let provider = EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .all)
        sources = [Source(name: "the environment", provider: provider, variables: Set(environment.keys))]
    }

    /// A reader of these variables and, after them, of the `.env` file.
    ///
    /// A file that is named but can't be read is a problem that `read` reports.
    /// - Parameters:
    ///   - environment: The process's own unless told.
    ///   - directory: Where `.env` is looked for when no file is named; the working directory unless told.
    public static func load(
        environment: [String: String] = ProcessInfo.processInfo.environment, directory: String? = nil
    ) async -> ConfigurationReader {
        var reader = ConfigurationReader(environment: environment)
        let named = environment[environmentFileName].flatMap { $0.isEmpty ? nil : $0 }
        let path = named ?? directory.map { "\($0)/.env" } ?? ".env"
        do {
            let source = try await fileSource(path, allowMissing: named == nil)
            reader.sources.append(source)
        } catch {
            // The library's error may hold what it read; the path is all there is to tell.
            reader.problems.append(
                ConfigurationProblem(environmentFileName, "the file \(SettingText.shown(path)) can't be read"))
        }
        return reader
    }

    private static func fileSource(_ path: String, allowMissing: Bool) async throws -> Source {
        // The provider keeps its variables to itself; it asks of each whether it is secret, which tells us the names.
        let variables = Mutex<Set<String>>([])
        let provider = try await EnvironmentVariablesProvider(
            environmentFilePath: pathLiteral(path), allowMissing: allowMissing,
            secretsSpecifier: .dynamic { name, _ in
                variables.withLock { _ = $0.insert(name) }
                return true
            })
        var status = stat()
        let isOpen = stat(path, &status) == 0 && status.st_mode & 0o004 != 0
        return Source(
            name: path, provider: provider, variables: variables.withLock { $0 }, isFile: true,
            isOpenToEveryone: isOpen)
    }

    /// Makes the provider's path type without importing the module it comes from, which is no dependency of ours.
    private static func pathLiteral<Path: ExpressibleByStringLiteral>(_ text: String) -> Path
    where Path.StringLiteralType == String {
        Path(stringLiteral: text)
    }

    /// Reads all settings.
    /// - Parameters:
    ///   - settings: The settings of this process.
    ///   - others: Settings of other processes that share the `.env` file; their names are not warned of.
    /// - Throws: One error that lists every problem, in the order of declaration.
    public func read(
        _ settings: [any SettingDeclaration], others: [any SettingDeclaration] = []
    ) throws(ConfigurationProblems) -> ConfigurationValues {
        var problems = self.problems
        var entries: [String: ConfigurationValues.Entry] = [:]
        var order: [String] = []
        var secretsInOpenFile: [String] = []

        for setting in settings where entries[setting.name] == nil {
            do throws(ConfigurationProblem) {
                let finding = try find(setting)
                if let finding, setting.isSecret, finding.liesOpen {
                    secretsInOpenFile.append("\(setting.name) in \(finding.source.name)")
                }
                entries[setting.name] = try entry(setting, finding)
                order.append(setting.name)
            } catch {
                if !problems.contains(error) { problems.append(error) }
            }
        }
        try ConfigurationProblems.throwAny(problems)

        var warnings = secretsInOpenFile.map { "\($0) can be read by every user of the machine; chmod o-rw the file" }
        warnings += unknownNames(known: settings + others)
        return ConfigurationValues(entries: entries, order: order, warnings: warnings)
    }

    private func entry(
        _ setting: any SettingDeclaration, _ finding: Finding?
    ) throws(ConfigurationProblem) -> ConfigurationValues.Entry {
        do throws(SettingFault) {
            let value = try setting.understood(finding?.text)
            return ConfigurationValues.Entry(
                value: value, text: finding?.text ?? setting.defaultText,
                origin: finding?.origin ?? (setting.defaultText == nil ? "not set" : "default"),
                isSecret: setting.isSecret)
        } catch {
            guard let finding else { throw ConfigurationProblem(setting.name, error.reason) }
            let subject = setting.isSecret ? "the value" : "'\(SettingText.shown(finding.text))'"
            throw ConfigurationProblem(setting.name, "\(subject) \(error.reason) (from \(finding.origin))")
        }
    }

    private func find(_ setting: any SettingDeclaration) throws(ConfigurationProblem) -> Finding? {
        let fileName = setting.name + "_FILE"
        for source in sources {
            let text = try value(of: setting.name, in: source)
            let path = try value(of: fileName, in: source)
            switch (text, path) {
            case (nil, nil): continue
            case (.some, .some):
                throw ConfigurationProblem(
                    setting.name, "is set twice in \(source.name), as \(setting.name) and as \(fileName); keep one")
            case (.some(let text), nil):
                return Finding(text: text, origin: source.name, source: source)
            case (nil, .some(let path)):
                do throws(SettingFault) {
                    let text = try SecretFile.read(path, isSecret: setting.isSecret)
                    return Finding(text: text, origin: "the file \(SettingText.shown(path))", source: source)
                } catch {
                    throw ConfigurationProblem(fileName, "the file \(SettingText.shown(path)) \(error.reason)")
                }
            }
        }
        return nil
    }

    private func value(of name: String, in source: Source) throws(ConfigurationProblem) -> String? {
        let found: String?
        do {
            found = try source.provider.environmentValue(forName: name)
        } catch {
            throw ConfigurationProblem(name, "can't be read from \(source.name)")
        }
        guard let found, !found.isEmpty else { return nil }
        guard source.isFile else { return found }
        // The library keeps quotes around a value; other readers of the same file, compose among them, take them off.
        let text = SettingText.unquoted(found)
        return text.isEmpty ? nil : text
    }

    private func unknownNames(known: [any SettingDeclaration]) -> [String] {
        let names = Set(known.map(\.name))
        let files = Set(known.map { $0.name + "_FILE" })
        var warnings: [String] = []
        for source in sources {
            for variable in source.variables.sorted()
            where variable.hasPrefix(Self.ownPrefix) && variable != Self.environmentFileName
                && !names.contains(variable) && !files.contains(variable)
            {
                var warning = "\(SettingText.shown(variable)) in \(source.name) is no setting of this process"
                if let nearest = SettingText.nearest(to: variable, among: names, prefix: Self.ownPrefix) {
                    warning += "; did you mean \(nearest)?"
                }
                warnings.append(warning)
            }
        }
        return warnings
    }
}

// A problem is thrown between the reader's own functions so that each can be collected.
extension ConfigurationProblem: Error {}
