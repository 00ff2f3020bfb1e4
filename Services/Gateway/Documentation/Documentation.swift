import Octets
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Kit
import NIOConcurrencyHelpers
import NIOCore

/// The API's description, put together from the services' own declarations, and the pages that show it.
struct Documentation: Sendable {
    let publicURL: String
    let assets: String?
    let clients: [InternalClient]
    private let kept = NIOLockedValueBox(Kept())

    /// What has been put together or read already: it is the same for everybody, and anybody may ask for it.
    private struct Kept {
        var parts: [Int: JSONValue] = [:]
        var document: (json: ByteBuffer, until: NIODeadline)?
        var assets: [String: ByteBuffer] = [:]
    }

    /// How long a description is good: its parts change only when services are replaced.
    private static let fresh = TimeAmount.seconds(5)

    init(publicURL: String, assets: String?, clients: [InternalClient]) {
        self.publicURL = publicURL
        self.assets = assets
        self.clients = clients
    }

    func respond(to path: String, requestID: String) async -> Response {
        switch path {
        case "/api/v1/openapi.json": return await document(requestID)
        case "/docs": return page(Self.swaggerPage, requestID)
        case "/redoc": return page(Self.redocPage, requestID)
        default: return await asset(String(path.dropFirst("/docs/assets/".count)), requestID)
        }
    }

    /// Asks each service for its part; a part once read stands in while its service is away.
    private func document(_ requestID: String) async -> Response {
        if let document = kept.withLockedValue({ $0.document }), document.until > .now() {
            return .json(document.json, cacheControl: "no-cache")
        }
        var fragments: [JSONValue] = []
        for (index, client) in clients.enumerated() {
            let answer = try? await client.send(
                .get, "/internal/openapi", body: nil, for: .process(requestID), timeout: .seconds(2))
            if let answer, answer.status == 200, let part = try? JSONParser.parse(answer.body.readableBytesView) {
                kept.withLockedValue { $0.parts[index] = part }
            }
            guard let part = kept.withLockedValue({ $0.parts[index] }) else {
                return Problem.unavailable().response(requestID: requestID)
            }
            fragments.append(part)
        }
        var json = JSONWriter()
        json.value(OpenAPI.document(fragments, server: publicURL, version: Version.current))
        let document = json.buffer
        kept.withLockedValue { $0.document = (document, .now() + Self.fresh) }
        return .json(document, cacheControl: "no-cache")
    }

    private func page(_ html: String, _ requestID: String) -> Response {
        guard assets != nil else {
            return Problem(
                .notFound, "documentation_not_installed", "The documentation pages are not installed here",
                detail: "Set DOCS_ASSETS_DIR; the description itself is at /api/v1/openapi.json."
            ).response(requestID: requestID)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-cache",
                // Both pages style themselves while they run; scripts come from here only.
                .contentSecurityPolicy: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                    + "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    private static let types = [
        "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "png": "image/png",
        "svg": "image/svg+xml", "map": "application/json",
    ]

    /// A file of the assets folder. Names are plain: nothing outside of the two folders can be named.
    private func asset(_ name: String, _ requestID: String) async -> Response {
        if name == "start.js" { return script(Self.swaggerStart) }
        let parts = name.pieces(between: "/")
        let isPlain =
            parts.count == 2 && ["swagger-ui", "redoc"].contains(parts[0])
            && parts[1].utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
            && !parts[1].hasPrefix(".")
        guard isPlain, let assets, let type = parts[1].pieces(between: ".").last.flatMap({ Self.types[String($0)] }),
            let content = content("\(assets)/\(parts[0])/\(parts[1])")
        else { return Problem.notFound.response(requestID: requestID) }
        return Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "public, max-age=3600"],
            body: ResponseBody(byteBuffer: content))
    }

    /// What a file says, read once: there are a handful, of some two megabytes together, and all connections share them.
    private func content(_ path: String) -> ByteBuffer? {
        if let known = kept.withLockedValue({ $0.assets[path] }) { return known }
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        let content = ByteBuffer(bytes: data)
        kept.withLockedValue { $0.assets[path] = content }
        return content
    }

    private func script(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/javascript; charset=utf-8", .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static let swaggerPage = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>Gatehouse API</title>
        <link rel="stylesheet" href="/docs/assets/swagger-ui/swagger-ui.css">
        </head>
        <body>
        <div id="swagger-ui"></div>
        <script src="/docs/assets/swagger-ui/swagger-ui-bundle.js"></script>
        <script src="/docs/assets/start.js"></script>
        </body>
        </html>

        """

    private static let swaggerStart = """
        SwaggerUIBundle({ url: "/api/v1/openapi.json", dom_id: "#swagger-ui", deepLinking: true });

        """

    private static let redocPage = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>Gatehouse API</title>
        <style>body { margin: 0 }</style>
        </head>
        <body>
        <redoc spec-url="/api/v1/openapi.json"></redoc>
        <script src="/docs/assets/redoc/redoc.standalone.js"></script>
        </body>
        </html>

        """
}
