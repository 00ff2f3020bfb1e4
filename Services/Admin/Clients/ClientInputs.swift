import Kit
import Tokens

/// What a new client is to be.
struct ClientRegistration: RequestContent {
    let identifier: String
    let name: String
    let isConfidential: Bool
    let isFirstParty: Bool
    let grantTypes: [String]
    let scopes: [String]
    let audiences: [String]
    let origins: [String]
    let reuseInterval: Int
    let lifetimes: ClientLifetimes

    init(from fields: inout FieldReader) {
        name = fields.required("name", ClientFields.name)
        // 132 random bits.
        identifier =
            fields.optional("client_id", ClientFields.identifier)
            ?? String(OpaqueSecret(prefix: "client_").text.prefix(29))
        isConfidential = fields.optional("confidential", .flag) ?? true
        isFirstParty = fields.optional("first_party", .flag) ?? false
        grantTypes = fields.optional("grant_types", ClientFields.grants) ?? ["refresh_token"]
        scopes = fields.optional("scopes", ClientFields.scopes) ?? []
        audiences = fields.optional("audiences", ClientFields.audiences) ?? []
        origins = fields.optional("origins", ClientFields.origins) ?? []
        reuseInterval = fields.optional("refresh_reuse_interval", ClientFields.reuseInterval) ?? 0
        lifetimes = ClientLifetimesChange(from: &fields).applied(to: ClientLifetimes())
        let fault = GrantTypeRule.fault(of: grantTypes, isConfidential: isConfidential, isFirstParty: isFirstParty)
        if !fields.isDescribing, let fault { fields.refuse("grant_types", fault) }
    }
}

/// What an administrator changes of a client.
struct ClientChange: RequestContent {
    let name: String?
    let state: String?
    let grantTypes: [String]?
    let scopes: [String]?
    let audiences: [String]?
    let origins: [String]?
    let reuseInterval: Int?
    let lifetimes: ClientLifetimesChange

    init(from fields: inout FieldReader) {
        name = fields.optional("name", ClientFields.name)
        state = fields.optional("state", ClientFields.state)
        grantTypes = fields.optional("grant_types", ClientFields.grants)
        scopes = fields.optional("scopes", ClientFields.scopes)
        audiences = fields.optional("audiences", ClientFields.audiences)
        origins = fields.optional("origins", ClientFields.origins)
        reuseInterval = fields.optional("refresh_reuse_interval", ClientFields.reuseInterval)
        lifetimes = ClientLifetimesChange(from: &fields)
    }

    /// The client as it is to be.
    /// - Throws: `Problem.validation` for a grant type that this client can't use.
    func applied(to client: ManagedClient) throws(Problem) -> ManagedClient {
        var wanted = client
        if let name { wanted.name = name }
        if let state { wanted.state = state }
        if let grantTypes { wanted.grantTypes = grantTypes }
        if let scopes { wanted.scopes = scopes }
        if let audiences { wanted.audiences = audiences }
        if let origins { wanted.origins = origins }
        wanted.lifetimes = lifetimes.applied(to: client.lifetimes)
        if let reuseInterval { wanted.reuseInterval = reuseInterval }
        if let fault = GrantTypeRule.fault(
            of: grantTypes ?? [], isConfidential: client.isConfidential, isFirstParty: client.isFirstParty)
        {
            throw .validation([.init(field: "grant_types", code: fault.code, detail: fault.detail)])
        }
        return wanted
    }
}

/// Which clients can use which grant types: the same rules that the token endpoint goes by.
enum GrantTypeRule {
    /// What is wrong with some grant types for a client of that kind, or nil.
    static func fault(of grantTypes: [String], isConfidential: Bool, isFirstParty: Bool) -> FieldFault? {
        if grantTypes.contains("client_credentials"), !isConfidential {
            return .init("not_confidential", "client_credentials needs a confidential client")
        }
        if grantTypes.contains("password"), !isFirstParty {
            return .init("not_first_party", "password needs a first-party client")
        }
        return nil
    }
}
