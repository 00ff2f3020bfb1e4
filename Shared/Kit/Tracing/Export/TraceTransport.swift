import CCurl

/// Posts to a collector with libcurl, which reads what the system knows of certificates and proxies.
struct TraceTransport: Sendable {
    let address: String
    let fields: [(String, String)]
    /// Milliseconds.
    var timeout: Int

    /// curl_global_init must run once, before all else: a static property does.
    private static let initialised = curl_global_init(3)  // CURL_GLOBAL_ALL, a macro Swift can't read.

    /// Sends one request and waits for its answer.
    /// - Returns: Why it was not taken, without anything of its fields; nil when it was.
    func post(_ body: [UInt8]) -> String? {
        guard Self.initialised == CURLE_OK, let handle = curl_easy_init() else {
            return "libcurl could not be initialised"
        }
        var list = curl_slist_append(nil, "Content-Type: application/x-protobuf")
        // Without this, curl asks before it sends a long body, and waits a second where nobody answers that.
        list = curl_slist_append(list, "Expect:")
        for (name, value) in fields { list = curl_slist_append(list, "\(name): \(value)") }
        defer {
            // libcurl keeps the list's pointer until the handle is gone.
            curl_easy_cleanup(handle)
            curl_slist_free_all(list)
        }
        let code = body.withUnsafeBytes { bytes -> CURLcode in
            let steps = [
                ccurl_set_string(handle, CURLOPT_URL, address),
                ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
                ccurl_set_string(handle, CURLOPT_USERAGENT, "gatehouse/\(Version.current)"),
                ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, list),
                ccurl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
                ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, timeout),
                // Timeouts without signals, which belong to the process.
                ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
                ccurl_set_transfer(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count },
                ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)),
                // Not copied: the bytes live until the transfer is over, which is within this closure.
                ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress)),
            ]
            return steps.first { $0 != CURLE_OK } ?? curl_easy_perform(handle)
        }
        guard code == CURLE_OK else { return String(cString: curl_easy_strerror(code)) }
        var status = 0
        guard ccurl_status(handle, &status) == CURLE_OK else { return "no answer" }
        return (200..<300).contains(status) ? nil : "the collector answered \(status)"
    }
}
