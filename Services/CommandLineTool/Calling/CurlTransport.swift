import CCurl
import Kit

/// Sends requests with libcurl, which reads what the system knows of certificates and proxies.
struct CurlTransport: Transport {
    /// Certificates to trust instead of the system's, a PEM file.
    let authorities: String?

    /// curl_global_init must run once, before all else: a static property does.
    private static let initialised = curl_global_init(3)  // CURL_GLOBAL_ALL, a macro Swift can't read.

    func send(
        _ request: APIRequest, to site: Site, sink: ((UnsafeRawBufferPointer) -> Bool)?
    ) throws(Failure) -> APIAnswer {
        guard Self.initialised == CURLE_OK, let handle = curl_easy_init() else {
            throw .failed("libcurl could not be initialised")
        }
        var list: UnsafeMutablePointer<curl_slist>?
        defer {
            // libcurl keeps the list's pointer until the handle is gone.
            curl_easy_cleanup(handle)
            curl_slist_free_all(list)
        }
        let received = ReceivedAnswer(sink: sink)
        for field in site.headers + request.headers { list = curl_slist_append(list, "\(field.name): \(field.value)") }
        if request.body != nil { list = curl_slist_append(list, "Content-Type: \(request.mediaType)") }
        // Without this, curl asks before it sends a long body, and waits a second where nobody answers that.
        list = curl_slist_append(list, "Expect:")

        try Self.check(ccurl_set_string(handle, CURLOPT_URL, site.address(of: request.target)))
        try Self.check(ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"))
        try Self.check(ccurl_set_string(handle, CURLOPT_USERAGENT, "gatehouse/\(Version.current)"))
        try Self.check(ccurl_set_string(handle, CURLOPT_ACCEPT_ENCODING, ""))
        try Self.check(ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, list))
        try Self.check(ccurl_set_long(handle, CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue)))
        try Self.check(ccurl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)))
        try Self.check(ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 10_000))
        try Self.check(ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, (request.timeout ?? 0) * 1000))
        // An answer may be long in the making: what tells then whether anybody is there is TCP itself.
        try Self.check(ccurl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1))
        if site.isLoopback { try Self.check(ccurl_set_string(handle, CURLOPT_PROXY, "")) }
        if let authorities { try Self.check(ccurl_set_string(handle, CURLOPT_CAINFO, authorities)) }
        // Not retained: libcurl calls back only during curl_easy_perform, and withExtendedLifetime spans that.
        let context = Unmanaged.passUnretained(received).toOpaque()
        try Self.check(ccurl_set_transfer(handle, CURLOPT_HEADERFUNCTION, takeLine))
        try Self.check(ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context))
        try Self.check(ccurl_set_transfer(handle, CURLOPT_WRITEFUNCTION, takeBytes))
        try Self.check(ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context))

        if let body = request.body { try Self.setBody(body, handle) }
        try Self.check(ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method))
        let code = withExtendedLifetime(received) { curl_easy_perform(handle) }
        if received.isStopped { throw .failed("the answer could not be written") }
        guard code == CURLE_OK else { throw Self.failure(code, site) }
        return received.answer
    }

    private static func setBody(_ body: [UInt8], _ handle: UnsafeMutableRawPointer) throws(Failure) {
        try check(ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        // libcurl copies as many bytes as it was told above. The one more gives an empty body an address: without one,
        // libcurl would read standard input.
        let code = (body + [0]).withUnsafeBytes { bytes in
            ccurl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        }
        try check(code)
    }

    private static func check(_ code: CURLcode) throws(Failure) {
        guard code == CURLE_OK else { throw .failed("libcurl: \(String(cString: curl_easy_strerror(code)))") }
    }

    private static func failure(_ code: CURLcode, _ site: Site) -> Failure {
        let place = site.base.text
        return switch code {
        case CURLE_COULDNT_RESOLVE_HOST: .unreachable("\(place) can't be reached: there is no host \(site.base.host)")
        case CURLE_COULDNT_RESOLVE_PROXY: .unreachable("\(place) can't be reached: the proxy's name is not known")
        case CURLE_COULDNT_CONNECT:
            .unreachable("\(place) can't be reached: nothing accepts connections on port \(site.base.port)")
        case CURLE_OPERATION_TIMEDOUT: .unreachable("\(place) did not answer in time")
        case CURLE_PEER_FAILED_VERIFICATION:
            .unreachable("\(place) shows a certificate that is not trusted here; --ca-file names others to trust")
        case CURLE_SSL_CACERT_BADFILE: .usage("the certificates that --ca-file names can't be read")
        case CURLE_SSL_CONNECT_ERROR: .unreachable("\(place) does not speak TLS as it should")
        default: .unreachable("\(place) can't be reached: \(String(cString: curl_easy_strerror(code)))")
        }
    }
}

/// An answer while it comes in.
private final class ReceivedAnswer {
    var answer = APIAnswer(status: 0, headers: [], body: [])
    private let sink: ((UnsafeRawBufferPointer) -> Bool)?
    /// Whether whoever takes the body wants no more.
    private(set) var isStopped = false

    init(sink: ((UnsafeRawBufferPointer) -> Bool)?) {
        self.sink = sink
    }

    func take(line: String) {
        if line.hasPrefix("HTTP/") {
            // An interim answer is followed by another.
            answer.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            answer.headers = []
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            let trimmed = value.drop { $0 == " " || $0 == "\t" }.prefix { !$0.isNewline }
            answer.headers.append((line[..<colon].lowercased(), String(trimmed)))
        }
    }

    func take(body: UnsafeRawBufferPointer) -> Bool {
        guard let sink, answer.status < 400 else {
            answer.body.append(contentsOf: body)
            return true
        }
        isStopped = !sink(body)
        return !isStopped
    }
}

/// CURLOPT_HEADERFUNCTION: a line of the answer's head.
private func takeLine(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context, let bytes else { return 0 }
    // Kept alive by CurlTransport, which is waiting for curl_easy_perform to come back.
    let received = Unmanaged<ReceivedAnswer>.fromOpaque(context).takeUnretainedValue()
    received.take(line: String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self))
    return size * count
}

/// CURLOPT_WRITEFUNCTION: a part of the answer's body.
private func takeBytes(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context, let bytes else { return 0 }
    // As above.
    let received = Unmanaged<ReceivedAnswer>.fromOpaque(context).takeUnretainedValue()
    return received.take(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}
