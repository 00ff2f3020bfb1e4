import HTTPFields
import HTTP2

/// Puts a request's head together.
struct HeaderBlockBuilder {
    private(set) var block = HeaderBlock()

    init(_ method: String, _ path: String) {
        block.append(":method", method)
        block.append(":path", path)
    }

    mutating func add(_ name: String, _ value: String) { block.append(name, value) }
}
