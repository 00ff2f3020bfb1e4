import HTTPTypes
import Hummingbird
import Kit
import NIOCore

/// What the gateway answers itself: health of the whole, the API's description and its pages.
struct LocalPages: Sendable {
    let documentation: Documentation
    let health: AggregatedHealth

    func respond(_ method: String, _ path: String, requestID: String) async -> Response {
        guard method == "GET" || method == "HEAD" else {
            return Problem.methodNotAllowed([.get, .head]).response(requestID: requestID)
        }
        switch path {
        case "/":
            return .json(ByteBuffer(string: #"{"name":"Gatehouse","version":"\#(Version.current)","docs":"/docs"}"#))
        case "/health", "/health/readiness", "/health/liveness", "/health/startup":
            return await health.respond(to: path)
        case "/api/v1/openapi.json", "/docs", "/redoc":
            return await documentation.respond(to: path, requestID: requestID)
        default:
            if path.hasPrefix("/docs/assets/") { return await documentation.respond(to: path, requestID: requestID) }
            return Problem.notFound.response(requestID: requestID)
        }
    }
}
