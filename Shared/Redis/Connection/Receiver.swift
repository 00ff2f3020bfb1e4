import NIOCore

/// Who waits for an answer. Belongs to the connection's event loop.
enum Receiver {
    case promise(EventLoopPromise<RedisValue>)
    case call(AsyncCall)
    case closure((Reply) -> Void)

    /// Hands the answer over; false where nobody waits any longer.
    @discardableResult
    func complete(_ reply: Reply) -> Bool {
        switch self {
        case .promise(let promise):
            switch reply {
            case .success(let value): promise.succeed(value)
            case .failure(let error): promise.fail(error)
            }
        case .call(let call):
            return call.complete(reply)
        case .closure(let body):
            body(reply)
        }
        return true
    }
}
