import HTTPFields
import HTTPTypes
import Hummingbird
import Kit
import NIOCore

extension ExchangeFront {
    /// Answers with a problem, whole.
    /// - Parameter fields: What goes with any answer to the request.
    func answer(_ problem: Problem, requestID: String, _ fields: HeaderBlock) {
        let body = problem.body(requestID: requestID)
        var head = AnswerHead(problem.response(requestID: requestID), length: body.readableBytes)
        head.fields.append(contentsOf: fields)
        writeHead(head)
        writeBody(body)
        finish()
    }
}
