import HTTPTypes
public import Hummingbird
public import NIOCore

/// Gathers a response's body into one buffer.
public enum ResponseCollector {
    private final class Store: ResponseBodyWriter {
        var buffer = ByteBuffer()

        func write(_ buffer: ByteBuffer) async throws { self.buffer.writeImmutableBuffer(buffer) }
        func finish(_: HTTPFields?) async throws {}
    }

    /// The body, or nil when it is empty or could not be produced.
    public static func collect(_ body: ResponseBody) async -> ByteBuffer? {
        if body.contentLength == 0 { return nil }
        let store = Store()
        do {
            try await body.write(store)
        } catch {
            return nil
        }
        return store.buffer
    }
}
