import NIOConcurrencyHelpers

/// A Lua script, sent whole once and then by its digest.
public final class RedisScript: Sendable {
    /// Its text.
    public let source: String
    private let digest = NIOLockedValueBox<String?>(nil)

    /// A script of that text.
    public init(_ source: String) {
        self.source = source
    }

    /// The digest, once the server has told it.
    var known: String? { digest.withLockedValue { $0 } }

    func learn(_ digest: String?) { self.digest.withLockedValue { $0 = digest } }
}
