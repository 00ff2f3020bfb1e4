import Kit

/// The body of a login: the account by any of three names, JSON or form.
struct LoginInput: RequestContent {
    let name: String
    let password: String
    let deviceName: String?
    let deviceToken: String?

    init(from fields: inout FieldReader) {
        let names = [
            fields.optional("username_or_email", .text(1...254)),
            fields.optional("email", .text(1...254)),
            fields.optional("username", .text(1...254)),
        ].compactMap { $0 }
        name = names.first ?? ""
        password = fields.required("password", .secret)
        deviceName = fields.optional("device_name", .line(1...100))
        deviceToken = fields.optional("device_token", .secret)
        if name.isEmpty, !fields.isDescribing, !fields.hasFaults {
            fields.refuse(
                "username_or_email", FieldFault("required", "username_or_email, email or username must be given"))
        }
    }
}
