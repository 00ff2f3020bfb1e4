import HTTPTypes
import Hummingbird
import Kit
import NIOCore
import NIOHTTP1

extension ExchangeFront {
    /// Answers with a problem, whole.
    func answer(_ problem: Problem, requestID: String) {
        var headers = HTTPHeaders()
        for field in problem.response(requestID: requestID).headers {
            headers.add(name: field.name.canonicalName, value: field.value)
        }
        HeaderPolicy.secure(&headers, requestID: requestID)
        let body = problem.body(requestID: requestID)
        headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
        writeHead(HTTPResponseStatus(statusCode: problem.status.code), headers)
        writeBody(body)
        finish()
    }
}
