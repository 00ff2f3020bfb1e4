import Crypto
import Domain
import FoundationEssentials
public import HTTPTypes
public import Hummingbird
import NIOCore
import Octets
public import Postgres
import Tokens

/// Makes requests that carry an `Idempotency-Key` take effect once (draft-ietf-httpapi-idempotency-key-header).
///
/// A key is one caller's, for a day. Its row is written by the transaction that creates what was asked for: of several
/// requests at once one creates while the others wait for it, and whatever is killed when, either both are there or
/// neither. Answers are kept sealed under the key and a secret that the database does not hold, because some tell a secret
/// that is shown once.
public struct IdempotencyKeys: Sendable {
    private let secret: InternalKey

    /// Keys whose answers are sealed under that secret.
    public init(sealedUnder secret: InternalKey) {
        self.secret = secret
    }

    /// Runs a creation, unless the request has taken effect already: then the answer is the one that was given.
    ///
    /// Part of a transaction, and to be its first statement that locks anything; without a key just `create`.
    /// - Returns: The answer, and whether it was given before.
    /// - Throws: 400 for a field that is no key, 409 for one whose first request takes too long, 422 for one that came with
    ///   another request.
    public func once<Content: ResponseContent>(
        _ call: Call, in transaction: PostgresTransaction, status: HTTPResponse.Status = .created,
        _ create: () async throws -> Content
    ) async throws -> (response: Response, isReplay: Bool) {
        guard let key = try Key(call) else { return (.content(try await create(), status: status), false) }
        let claim: [PostgresValue] = [
            .uuid(call.tenant), .text(key.caller), .bytea(key.digest), .bytea(key.requestDigest),
        ]
        if try await claims(claim, in: transaction) {
            let body = JSONFieldSink.json(try await create()).buffer
            let sealed = try key.seal(Array(body.readableBytesView), secret)
            _ = try await transaction.query(
                Self.keep, Array(claim.prefix(3)) + [.int4(Int32(status.code)), .bytea(sealed)])
            return (.json(body, status: status), false)
        }
        let rows = try await transaction.query(Self.kept, Array(claim.prefix(3)))
        // Gone between the two statements only when a day was just over.
        guard let row = rows.first else { throw Self.isInUse }
        guard try row.decode(0, as: [UInt8].self) == key.requestDigest else {
            throw Problem(
                .unprocessableContent, "idempotency_key_reused", "This key came with another request before")
        }
        let status = try row.decode(1, as: Int?.self)
        guard let status, let sealed = try row.decode(2, as: [UInt8]?.self), let body = key.open(sealed, secret) else {
            throw Self.isInUse
        }
        var response = Response.json(ByteBuffer(bytes: body), status: .init(code: status))
        response.headers[.idempotencyReplayed] = "true"
        return (response, true)
    }

    /// Whether this request is the first of its key. Waits for another one that is under way.
    private func claims(
        _ claim: [PostgresValue], in transaction: PostgresTransaction
    ) async throws -> Bool {
        do throws(PostgresError) {
            return try await !transaction.query(Self.claim, claim).isEmpty
        } catch {
            if case .server(let error) = error, [.lockNotAvailable, .queryCanceled].contains(error.kind) {
                throw Self.isInUse
            }
            throw error
        }
    }

    private static let isInUse = Problem(
        .conflict, "idempotency_key_in_use", "A request with this key is under way", headers: [.retryAfter: "1"])

    // The tenant is the caller's and a parameter: the transaction may be that of a tenant which is only being made.

    private static let claim = PostgresStatement(
        "idempotency_claim", [.uuid, .text, .bytea, .bytea],
        """
        insert into idempotency_keys as k (tenant_id, caller, key_digest, request_digest) values ($1, $2, $3, $4)
        on conflict (tenant_id, caller, key_digest) do update
            set request_digest = excluded.request_digest, status = null, sealed_answer = null, created_at = now()
            where k.created_at < now() - interval '1 day'
        returning 1
        """)

    private static let keep = PostgresStatement(
        "idempotency_keep", [.uuid, .text, .bytea, .int4, .bytea],
        """
        update idempotency_keys set status = $4, sealed_answer = $5
        where tenant_id = $1 and caller = $2 and key_digest = $3
        """)

    private static let kept = PostgresStatement(
        "idempotency_kept", [.uuid, .text, .bytea],
        """
        select request_digest, status::int8, sealed_answer from idempotency_keys
        where tenant_id = $1 and caller = $2 and key_digest = $3
        """)
}

/// A request's key, and what tells the request from others.
private struct Key {
    let text: String
    let tenant: UUID
    let caller: String
    let digest: [UInt8]
    let requestDigest: [UInt8]

    /// Nil when the request has none.
    init?(_ call: Call) throws(Problem) {
        guard let field = call.head.headerFields[.idempotencyKey] else { return nil }
        // A string of structured fields (RFC 9651 §3.3.3), or the same without its quotes, as many clients send it.
        let isQuoted = field.utf8.count >= 2 && field.hasPrefix("\"") && field.hasSuffix("\"")
        text = isQuoted ? String(field.dropFirst().dropLast()) : field
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
        guard (1...255).contains(text.utf8.count), isPlain else {
            throw Problem(
                .badRequest, "invalid_idempotency_key", "The Idempotency-Key can't be used",
                detail: "It must be 1 to 255 visible ASCII characters without quotes inside.")
        }
        let principal = try call.authenticated()
        tenant = call.tenant
        caller = principal.user.map { "user:\($0.text)" } ?? "client:\(principal.client)"
        digest = Array(text.withBytes { SHA256.digest(of: $0) })
        var request = SHA256()
        "\(call.head.method.rawValue) \(call.head.path ?? "")\n".withBytes { request.update(bufferPointer: $0) }
        call.body.withUnsafeReadableBytes { request.update(bufferPointer: $0) }
        requestDigest = Array(request.finalize())
    }

    func seal(_ answer: [UInt8], _ secret: InternalKey) throws -> [UInt8] {
        // The nonce is 12 bytes, so there is a combined form.
        Array(try AES.GCM.seal(answer, using: sealingKey(secret)).combined ?? Data())
    }

    /// Nil when the secret is another by now.
    func open(_ sealed: [UInt8], _ secret: InternalKey) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed) else { return nil }
        return (try? AES.GCM.open(box, using: sealingKey(secret))).map { Array($0) }
    }

    private func sealingKey(_ secret: InternalKey) -> SymmetricKey {
        secret.derive("idempotency\n\(tenant.text)\n\(caller)\n\(text)")
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name(rawName: "Idempotency-Key")
    /// Says that an answer was given before.
    static let idempotencyReplayed = HTTPField.Name(rawName: "Idempotency-Replayed")
}
