import FoundationEssentials

/// A mail as the sink prints it, its header and text decoded by Python's `email` module.
struct TakenMail: Decodable {
    let from: String
    let to: [String]
    let smtputf8: Bool
    let tls: Bool
    let login: String?
    let client: String
    let message: Data
    let headers: [[String]]
    let subject: String
    let text: String

    /// The only field of that name.
    func header(_ name: String) -> String? {
        let fields = headers.filter { $0.first == name }
        return fields.count == 1 ? fields[0].last : nil
    }
}
