/// One server's part of the connection string: what libpq is given to connect to it.
struct ServerParameters: Sendable {
    /// For logs: host and port as they were given.
    let name: String
    let keywords: [String]
    let values: [String]

    init(_ settings: [String: String]) {
        let given = [settings["host"], settings["hostaddr"]].compactMap(\.self).first { !$0.isEmpty }
        let host = given ?? "the default host"
        name = settings["port"].map { "\(host):\($0)" } ?? host
        // libpq takes a parameter that is empty for one that is absent.
        let sorted = settings.sorted { $0.key < $1.key }
        keywords = sorted.map(\.key)
        values = sorted.map(\.value)
    }

    /// Calls `body` with both lists as C strings, each ended by a null pointer.
    func withCStrings<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) -> R? {
        // One buffer for all strings; the pointers into it live as long as the closure runs.
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for string in keywords + values {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8CString)
        }
        return bytes.withUnsafeBufferPointer { buffer -> R? in
            guard let base = buffer.baseAddress else { return nil }
            let pointers = offsets.map { Optional(base + $0) }
            let keywordPointers = pointers.prefix(keywords.count) + [nil]
            let valuePointers = pointers.suffix(values.count) + [nil]
            return Array(keywordPointers).withUnsafeBufferPointer { keywordBuffer -> R? in
                Array(valuePointers).withUnsafeBufferPointer { valueBuffer -> R? in
                    guard let keywordBase = keywordBuffer.baseAddress, let valueBase = valueBuffer.baseAddress else {
                        return nil
                    }
                    return body(keywordBase, valueBase)
                }
            }
        }
    }
}
