import FoundationEssentials

/// A record as bytes that a code is made over: two different records never give the same bytes. Numbers have eight bytes,
/// the highest first; texts and bytes follow their length; what is absent is told from what is empty.
struct RecordBytes {
    private(set) var bytes: [UInt8] = []

    /// Begins with what kind of record it is.
    init(_ kind: StaticString) {
        append(kind.description)
    }

    mutating func append(_ number: Int64) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    mutating func append(_ id: UUID) {
        withUnsafeBytes(of: id.uuid) { bytes += $0 }
    }

    mutating func append(_ given: some Collection<UInt8>) {
        append(Int64(given.count))
        bytes += given
    }

    mutating func append(_ text: String) { append(text.utf8) }

    mutating func append(ifAny number: Int64?) {
        bytes.append(number == nil ? 0 : 1)
        if let number { append(number) }
    }

    mutating func append(ifAny text: String?) {
        bytes.append(text == nil ? 0 : 1)
        if let text { append(text) }
    }
}
