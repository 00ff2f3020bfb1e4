import HTTPFields
import Kit
import NIOCore

/// Takes the answer to one `ServiceCall`, wherever it comes from. All calls come on its event loop.
protocol ServiceAnswerReceiver: AnyObject {
    /// The answer began; with `isWhole` that is all of it.
    func received(status: Int, _ fields: HeaderBlock, isWhole: Bool)
    /// A part of its body came.
    func received(body: ByteBuffer)
    /// The answer is whole.
    func ended()
    /// No answer comes, or no more of it.
    func failed(_ failure: ServiceFailure)
    /// A streamed request should pause, or may go on.
    func service(takesMore: Bool)
    /// The upstream speaks another protocol from here on.
    func switched(_ fields: HeaderBlock, to side: OperatorConnection)
}

/// Why a service gave no answer.
struct ServiceFailure: Error {
    /// Whether the request may be sent once more.
    enum Retry {
        case never
        /// When it changes nothing: it may have been acted on.
        case whenSafe
        /// It can't have been acted on.
        case always
    }

    let retry: Retry
    /// What the caller is told in the end.
    let problem: Problem
    /// For the log.
    let reason: String
}
