import HTTPTypes
import Hummingbird
import Kit
import NIOCore
import Octets

/// The plain pages that a mail's link opens when the operator has none of their own. Opening one changes nothing, so
/// that a mail scanner that follows links uses nothing up; the button does it (SECURITY E05).
enum MailPage {
    static func verify(token: String) -> Response {
        page(
            "Confirm your e-mail address",
            """
            <form method="post">
            <input type="hidden" name="token" value="\(escaped(token))">
            <button>Confirm this address</button>
            </form>
            """)
    }

    static func reset(token: String) -> Response {
        page(
            "Choose a new password",
            """
            <form method="post">
            <input type="hidden" name="token" value="\(escaped(token))">
            <label>New password <input type="password" name="new_password" autocomplete="new-password" required></label>
            <button>Set it</button>
            </form>
            """)
    }

    /// Joining takes being signed in, which is for the application that asks for the token; declining does not.
    static func invitation(token: String) -> Response {
        page(
            "You are invited",
            """
            <p>To accept, sign in with the address that this invitation was mailed to and enter this code:</p>
            <p><code>\(escaped(token))</code></p>
            <form method="post" action="decline">
            <input type="hidden" name="token" value="\(escaped(token))">
            <button>Decline</button>
            </form>
            """)
    }

    /// The token of a link.
    static func token(in call: Call) -> String {
        let query = (call.head.path ?? "").utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()
        let members = try? Form.members(query)
        return members?.first { $0.name == "token" }?.value.string ?? ""
    }

    /// Does what was asked, and answers a browser with a page and any other program as the API does.
    static func answering(
        _ call: Call, done sentence: String, _ work: () async throws -> Void
    ) async throws -> Response {
        guard call.head.headerFields[.accept]?.holds("text/html") == true else {
            try await work()
            return Response(status: .noContent)
        }
        do {
            try await work()
            return page("Done", "<p>\(escaped(sentence))</p>")
        } catch let problem as Problem where problem.status.code < 500 {
            let rules = problem.errors.map { "<li>It \(escaped($0.detail)).</li>" }.joined()
            return page(problem.title, rules.isEmpty ? "" : "<ul>\(rules)</ul>", status: problem.status)
        }
    }

    private static func page(_ title: String, _ content: String, status: HTTPResponse.Status = .ok) -> Response {
        let html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(escaped(title))</title>
            </head>
            <body>
            <h1>\(escaped(title))</h1>
            \(content)
            </body>
            </html>

            """
        return Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy:
                    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
