import NIOConcurrencyHelpers

/// A Lua script that the server knows by its digest once it was loaded.
///
/// Make one value a script and keep it: the digest is what the server answered to `SCRIPT LOAD`, asked for once and
/// shared by all copies of the value.
public struct RedisScript: Sendable {
    /// The Lua source.
    public let source: String
    private let known = NIOLockedValueBox<String?>(nil)

    /// A script of this source.
    public init(_ source: String) {
        self.source = source
    }

    /// The digest in hexadecimal once a server told it. It depends on the source alone, so it outlives any server.
    var digest: String? { known.withLockedValue { $0 } }

    func learn(digest: String) {
        known.withLockedValue { $0 = digest }
    }
}
