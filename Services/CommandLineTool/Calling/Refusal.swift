import Kit

/// An answer that says no: problem details (RFC 9457), or an error of OAuth (RFC 6749 §5.2).
struct Refusal: Sendable, Equatable, CustomStringConvertible {
    /// One field that was refused.
    struct Fault: Sendable, Equatable {
        /// Its name, members of members behind a dot; empty for the whole.
        let field: String
        let code: String
        let detail: String
    }

    let status: Int
    /// The stable word for what is wrong, where there is one.
    let code: String?
    let title: String
    let detail: String?
    let faults: [Fault]
    let requestID: String?
    /// Seconds to wait before trying again.
    let retryAfter: Int?

    /// Reads an answer of 400 or more.
    init(_ answer: APIAnswer) {
        status = answer.status
        retryAfter = answer.header("retry-after").flatMap { Int($0) }
        let json = try? JSONParser.parse(answer.body)
        code = json?["code"]?.string ?? json?["error"]?.string
        title =
            json?["title"]?.string ?? json?["error_description"]?.string ?? code ?? "The answer was status \(status)"
        detail = json?["detail"]?.string
        let instance = json?["instance"]?.string
        requestID =
            instance.flatMap { $0.hasPrefix(Self.urn) ? String($0.dropFirst(Self.urn.count)) : nil }
            ?? answer.header("x-request-id")
        if case .array(let errors)? = json?["errors"] {
            faults = errors.map { error in
                Fault(
                    field: Self.field(error["pointer"]?.string ?? ""), code: error["code"]?.string ?? "",
                    detail: error["detail"]?.string ?? "")
            }
        } else {
            faults = []
        }
    }

    private static let urn = "urn:gatehouse:request:"

    /// The field that a JSON Pointer (RFC 6901) leads to, as options name it.
    private static func field(_ pointer: String) -> String {
        pointer.split(separator: "/").map { part in
            part.split(separator: "~1", omittingEmptySubsequences: false).joined(separator: "/")
                .split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
        }.joined(separator: ".")
    }

    /// What a person reads: what it is, what is wrong with which field, and by what an operator finds it in the logs.
    var description: String {
        var lines = ["\(title) (\(status)\(code.map { " \($0)" } ?? ""))"]
        if let detail { lines.append("  \(detail)") }
        for fault in faults {
            lines.append(fault.field.isEmpty ? "  \(fault.detail)" : "  \(fault.field): \(fault.detail)")
        }
        if faults.contains(where: { $0.code == "wrong_type" }) {
            lines.append(
                "  (--set NAME:=VALUE takes numbers, true, false, null, lists and objects; --set NAME=TEXT takes text)")
        }
        if let retryAfter { lines.append("  try again in \(retryAfter) s") }
        if let requestID { lines.append("  request \(requestID)") }
        return lines.map { TerminalText.visible($0) }.joined(separator: "\n")
    }
}
