import HTTPFields
import Kit

/// What goes on to and from an upstream of the operator's.
extension HeaderPolicy {
    /// Adds the caller's fields that go on. None is left that an upstream could take for one of the gateway's, nor one
    /// that it could so take when it reads `_` for `-`, as what follows CGI does (RFC 3875 §4.1.18).
    static func forward(
        toOperator fields: HeaderBlock, keepsAuthorization: Bool, isWebSocket: Bool, to block: inout HeaderBlock
    ) {
        let named = fields.contains("connection") ? connectionNames(fields) : []
        fields.forEach { name, value in
            if keepsAuthorization, name.equals("authorization") {
                return block.append(name: name, value: value, unindexed: true)
            }
            if isDropped(name) || isOurs(name) || isDisguised(name) { return }
            if !named.isEmpty, named.contains(String(decoding: name, as: UTF8.self)) { return }
            // `WebSocketUpgrade` says it anew.
            if isWebSocket, name.equals("sec-websocket-protocol") { return }
            block.append(name: name, value: value)
        }
    }

    private static func isDisguised(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.contains(UInt8(ascii: "_")) else { return false }
        let plain = name.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        return plain.withUnsafeBytes { isDropped($0) || isOurs($0) }
    }

    /// Adds the fields of an upstream's answer that go on, and ours. Where both say something, ours counts only in what
    /// is the gateway's to decide.
    /// - Returns: The length of the body, where the upstream states it.
    static func answer(
        ofOperator theirs: HeaderBlock, ours: HeaderBlock, to fields: inout HeaderBlock
    ) -> Int? {
        var length: Int?
        let named = theirs.contains("connection") ? connectionNames(theirs) : []
        theirs.forEach { name, value in
            if name.equals("content-length") { length = Int(String(decoding: value, as: UTF8.self)) }
            if isOfConnection(name) || isDecidedHere(name) || name.begins(with: InternalHeader.prefix) { return }
            if isLimit(name), ours.contains(name) { return }
            if !named.isEmpty, named.contains(String(decoding: name, as: UTF8.self)) { return }
            fields.append(name: name, value: value)
        }
        ours.forEach { name, value in
            let isOursAnyway = isDecidedHere(name) || isLimit(name) || name.equals("vary")
            if isOursAnyway || !theirs.contains(name) { fields.append(name: name, value: value) }
        }
        return length
    }

    private static func isDecidedHere(_ name: UnsafeRawBufferPointer) -> Bool {
        name.equals("x-request-id") || name.begins(with: "access-control-")
    }

    private static func isLimit(_ name: UnsafeRawBufferPointer) -> Bool {
        name.equals("ratelimit") || name.equals("ratelimit-policy") || name.equals("retry-after")
    }
}

extension HeaderBlock {
    /// Whether there is a field of that name.
    fileprivate func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        var isThere = false
        forEach { other, _ in if other.elementsEqual(name) { isThere = true } }
        return isThere
    }
}
