import FoundationEssentials

/// A password credential as Keycloak exports it: a JSON object with `credentialData`, how the key was made, and `secretData`,
/// the key and its salt in base64. PBKDF2, or Argon2 since Keycloak 25.
struct KeycloakCredential: ImportedHash {
    private enum Derivation {
        case pbkdf2(PBKDF2)
        case argon2(Argon2)
    }

    private let derivation: Derivation

    static func recognises(_ stored: String) -> Bool { stored.utf8.first == UInt8(ascii: "{") }

    init(_ stored: String) throws(Refusal) {
        guard stored.utf8.count <= Fields.longest,
            let export = try? JSONDecoder().decode(Export.self, from: Data(stored.utf8))
        else { throw .malformed }
        let cost = export.credentialData.value
        let secret = export.secretData.value
        let salt = try secret.salt[...].base64(.padded)
        let key = try secret.value[...].base64(.padded)
        switch cost.algorithm {
        case "pbkdf2": derivation = try .pbkdf2(cost.pbkdf2(.sha1, salt, key))
        case "pbkdf2-sha256": derivation = try .pbkdf2(cost.pbkdf2(.sha256, salt, key))
        case "pbkdf2-sha512": derivation = try .pbkdf2(cost.pbkdf2(.sha512, salt, key))
        case "argon2": derivation = try .argon2(cost.argon2(salt, key))
        default: throw .unknownForm
        }
    }

    func matches(_ password: Password) throws(PasswordError) -> Bool {
        switch derivation {
        case .pbkdf2(let derivation): try derivation.matches(password)
        case .argon2(let derivation): try derivation.matches(password)
        }
    }
}

private struct Export: Decodable {
    let credentialData: Nested<Cost>
    let secretData: Nested<Secret>
}

private struct Secret: Decodable {
    let value: String
    let salt: String
}

private struct Cost: Decodable {
    let hashIterations: Int
    let algorithm: String
    let additionalParameters: [String: [String]]?

    func pbkdf2(_ digest: PBKDF2.Digest, _ salt: [UInt8], _ key: [UInt8]) throws(Refusal) -> PBKDF2 {
        try PBKDF2(digest: digest, iterations: hashIterations, salt: salt, key: key)
    }

    func argon2(_ salt: [UInt8], _ key: [UInt8]) throws(Refusal) -> Argon2 {
        guard let variant = try Argon2.Variant(rawValue: parameter("type")),
            let version = try ["1.0": 16, "1.3": 19][parameter("version")],
            try parameter("hashLength")[...].number() == key.count
        else { throw .malformed }
        return try Argon2(
            variant: variant, version: version, memory: parameter("memory")[...].number(), passes: hashIterations,
            lanes: parameter("parallelism")[...].number(), salt: salt, key: key)
    }

    private func parameter(_ name: String) throws(Refusal) -> String {
        guard let values = additionalParameters?[name], values.count == 1 else { throw .malformed }
        return values[0]
    }
}

/// A member that is an object, or a string that holds one as JSON.
private struct Nested<Value: Decodable>: Decodable {
    let value: Value

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            value = try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } else {
            value = try container.decode(Value.self)
        }
    }
}
