import Octets
import Domain
import Kit
import NIOCore

/// What is to be another in a tenant's settings: members by the names of `TenantSettings`, null for the default.
struct TenantSettingsChange: Sendable {
    /// The members as they are merged into the stored ones.
    let members: [JSONValue.Member]

    /// The members as JSON.
    var json: String {
        var writer = JSONWriter()
        writer.value(.object(members))
        return writer.text
    }

    /// The value of a setting that is a number and was given.
    func number(_ key: TenantSettings.CodingKeys) -> Int? {
        members.last { $0.name == key.rawValue }?.value.integer
    }

    /// Takes an object, or says of each member what is wrong with it.
    static func read(_ members: [JSONValue.Member]) -> (change: TenantSettingsChange, faults: [(String, FieldFault)]) {
        var faults: [(String, FieldFault)] = []
        for member in members {
            if let key = TenantSettings.CodingKeys(rawValue: member.name) {
                if let fault = key.fault(of: member.value) { faults.append((member.name, fault)) }
            } else {
                faults.append((member.name, FieldFault("unknown_setting", "is no setting")))
            }
        }
        return (TenantSettingsChange(members: members), faults)
    }
}

extension TenantSettings.CodingKeys {
    /// What a value has to be.
    private enum Shape {
        case flag
        case number(ClosedRange<Int>)
        case word([String])
        case domains
        case origins
    }

    private var shape: Shape {
        switch self {
        case .registration: .word(TenantSettings.Registration.allCases.map(\.rawValue))
        case .registrationDomains: .domains
        case .origins: .origins
        case .concealsRegistration, .loginNeedsVerifiedEmail: .flag
        case .signingAlgorithm: .word(TenantSettings.signingAlgorithms)
        case .accessTokenLifetime, .sessionIdleLifetime, .sessionLifetime, .maximumSessions, .passwordMinimumLength,
            .passwordClasses, .passwordHistory:
            .number(range ?? 0...Int(Int32.max))
        }
    }

    /// What is wrong with a value for this setting, or nil; null takes the setting away and is never wrong.
    func fault(of value: JSONValue) -> FieldFault? {
        if value == .null { return nil }
        switch shape {
        case .flag:
            if case .bool = value { return nil }
            return .init("wrong_type", "must be true or false")
        case .number(let range):
            guard let number = value.integer else { return .init("wrong_type", "must be a whole number") }
            guard range.contains(number) else {
                return .init("out_of_range", "must be between \(range.lowerBound) and \(range.upperBound)")
            }
            return nil
        case .word(let words):
            if let text = value.string, words.contains(text) { return nil }
            return .init("unknown_word", "must be one of \(words.joined(separator: ", "))")
        case .domains:
            guard case .array(let domains) = value, domains.count <= 100 else {
                return .init("wrong_type", "must be a list of at most 100 domains")
            }
            let isDomain = { (domain: JSONValue) in
                domain.string.map { $0 == $0.lowercased() && EmailAddress("a@" + $0) != nil } ?? false
            }
            return domains.allSatisfy(isDomain) ? nil : .init("invalid_domain", "each must be a domain in lower case")
        case .origins:
            guard case .array(let origins) = value, origins.count <= 100 else {
                return .init("wrong_type", "must be a list of at most 100 origins")
            }
            let isOrigin = { (origin: JSONValue) in origin.string.map { Origin($0) != nil } ?? false }
            return origins.allSatisfy(isOrigin) ? nil : .init("invalid_origin", "each \(ClientFields.originRule)")
        }
    }

    /// The setting's schema.
    var schema: Schema {
        switch shape {
        case .flag: .boolean.nullable
        case .number(let range):
            Schema.integer.nullable.with("minimum", .number(String(range.lowerBound)))
                .with("maximum", .number(String(range.upperBound)))
        case .word(let words):
            Schema([.init("enum", .array(words.map { .string($0) } + [.null]))])
        case .domains, .origins: Schema.array(of: .string()).with("maxItems", .number("100")).nullable
        }
    }
}

extension FieldType where Value == [JSONValue.Member] {
    /// An object of settings; what is in it is judged by `FieldReader.settings`.
    static let settings = FieldType<[JSONValue.Member]>(
        schema: Schema.anyObject
            .with(
                "properties",
                .object(TenantSettings.CodingKeys.allCases.map { .init($0.rawValue, $0.schema.json) })
            )
            .with("additionalProperties", .bool(false)),
        placeholder: []
    ) { value in
        guard case .object(let members) = value else { return .failure(.init("wrong_type", "must be an object")) }
        return .success(members)
    }
}

extension FieldReader {
    /// Reads settings, with a fault for each that is not as it should be.
    mutating func settings(_ name: String) -> TenantSettingsChange? {
        guard let members = optional(name, .settings) else { return nil }
        let (change, faults) = TenantSettingsChange.read(members)
        for (setting, fault) in faults { refuse(at: "/\(name)/\(setting.prefix(64))", fault) }
        return change
    }
}
