import HTTPTypes
import Hummingbird
import Kit
import Logging

extension Response {
    /// An answer that is written part by part. One that breaks off is told in the log; the caller sees that it is not whole.
    static func streamed(
        _ mediaType: String, fields: HTTPFields = [:], logger: Logger,
        _ write: @escaping @Sendable @concurrent (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        var headers = fields
        headers[.contentType] = mediaType
        headers[.cacheControl] = "no-store"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                do {
                    try await write(&writer)
                    try await writer.finish(nil)
                } catch {
                    logger.notice("answer broken off", metadata: ["error": "\(error)"])
                    throw error
                }
            })
    }
}
