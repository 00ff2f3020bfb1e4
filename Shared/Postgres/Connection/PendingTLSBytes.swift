import CLibPQ
import Glibc

/// Tells whether decrypted bytes wait inside OpenSSL, which `poll` on the socket cannot see: after a read that did not
/// take a whole record, the rest would lie there until the server happened to send more. libpq's buffer always has room
/// for 8 kB, the longest record of servers before 17; later ones send up to 16.
struct PendingTLSBytes {
    private typealias Pending = @convention(c) (UnsafeMutableRawPointer?) -> CInt

    private let session: UnsafeMutableRawPointer
    private let pending: Pending

    /// Nil when the connection's TLS library is not OpenSSL.
    init?(_ connection: OpaquePointer) {
        // The handle stays libpq's and lives as long as the connection. libpq has OpenSSL loaded already, so its symbol
        // is found without linking to it, which would tie this library to libpq's choice.
        guard let session = PQsslStruct(connection, "OpenSSL"),
            let symbol = dlsym(nil, "SSL_pending")
        else { return nil }
        self.session = session
        pending = unsafeBitCast(symbol, to: Pending.self)
    }

    var isEmpty: Bool { pending(session) <= 0 }
}
