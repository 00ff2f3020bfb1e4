import CCurl

/// One transfer of libcurl: an easy handle with what has to live as long as it, used by one thread.
struct CurlTransfer: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    /// Where libcurl writes what went wrong, CURL_ERROR_SIZE bytes; it keeps the pointer, so this goes after the handle.
    private let message: UnsafeMutablePointer<CChar>
    /// Lists set as options; libcurl keeps the pointers, so they go after the handle.
    private var lists: [UnsafeMutablePointer<curl_slist>]

    /// curl_global_init must run once, before all else: a static property does.
    private static let initialised = curl_global_init(3)  // CURL_GLOBAL_ALL, a macro Swift can't read.

    init() throws(MailError) {
        guard Self.initialised == CURLE_OK, let handle = curl_easy_init() else {
            throw .temporary("libcurl could not be initialised")
        }
        self.handle = handle
        message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        lists = []
    }

    deinit {
        curl_easy_cleanup(handle)
        message.deallocate()
        for list in lists { curl_slist_free_all(list) }
    }

    /// Sets an option; libcurl copies the text.
    func set(_ option: CURLoption, _ value: String) throws(MailError) {
        try check(ccurl_set_string(handle, option, value))
    }

    /// Sets an option.
    func set(_ option: CURLoption, _ value: Int) throws(MailError) {
        try check(ccurl_set_long(handle, option, value))
    }

    /// Sets an option that is a list of one text.
    mutating func setList(_ option: CURLoption, _ value: String) throws(MailError) {
        guard let list = curl_slist_append(nil, value) else { throw .temporary("libcurl is out of memory") }
        lists.append(list)
        try check(ccurl_set_pointer(handle, option, list))
    }

    /// Sets the size of what is uploaded, which the server is told where it wants to know.
    func setUploadSize(_ count: Int) throws(MailError) {
        try check(ccurl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(count)))
    }

    /// Runs the transfer to its end, sending from and telling `conversation`.
    func run(_ conversation: SMTPConversation) throws(MailError) {
        // Not retained: libcurl calls back only during curl_easy_perform, on this thread, and withExtendedLifetime
        // keeps the conversation for as long.
        let context = Unmanaged.passUnretained(conversation).toOpaque()
        try check(ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, message))
        try check(ccurl_set_transfer(handle, CURLOPT_READFUNCTION, readMessage))
        try check(ccurl_set_pointer(handle, CURLOPT_READDATA, context))
        try check(ccurl_set_transfer(handle, CURLOPT_HEADERFUNCTION, hearLine))
        try check(ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context))
        try check(ccurl_set_transfer(handle, CURLOPT_WRITEFUNCTION, dropBytes))
        let code = withExtendedLifetime(conversation) { curl_easy_perform(handle) }
        guard code == CURLE_OK else {
            throw SMTPFailure.error(code, detail(code), conversation)
        }
    }

    private func detail(_ code: CURLcode) -> String {
        let detail = String(cString: message)
        return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    }

    private func check(_ code: CURLcode) throws(MailError) {
        guard code == CURLE_OK else { throw .temporary("libcurl: \(String(cString: curl_easy_strerror(code)))") }
    }
}

/// CURLOPT_READFUNCTION: libcurl asks for the next bytes to send.
private func readMessage(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context, let bytes else { return Int(CURL_READFUNC_ABORT) }
    // Kept alive by CurlTransfer.run, which is waiting for this call to come back.
    let conversation = Unmanaged<SMTPConversation>.fromOpaque(context).takeUnretainedValue()
    // libcurl's own buffer of size × count bytes, which nobody else touches meanwhile.
    let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    return conversation.read(into: buffer) ?? Int(CURL_READFUNC_ABORT)
}

/// CURLOPT_HEADERFUNCTION: a line the server said.
private func hearLine(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context, let bytes else { return size * count }
    // As above: both live until this call is back.
    let conversation = Unmanaged<SMTPConversation>.fromOpaque(context).takeUnretainedValue()
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    conversation.hear(String(decoding: line, as: UTF8.self))
    return size * count
}

/// CURLOPT_WRITEFUNCTION: left alone, libcurl prints what it receives.
private func dropBytes(_: UnsafeMutablePointer<CChar>?, size: Int, count: Int, _: UnsafeMutableRawPointer?) -> Int {
    size * count
}
