/// What of a request's method decides about its answer's body (RFC 9112 §6.3).
enum RequestMethod: Sendable {
    case head, connect, other

    init(_ method: String) {
        self =
            switch method {
            case "HEAD": .head
            case "CONNECT": .connect
            default: .other
            }
    }
}
