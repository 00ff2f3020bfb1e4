import HTTPFields
import CNghttp2
import NIOCore

/// What a session tells its owner. All calls come while `receive` runs; the owner may submit, but not receive or pull.
protocol HTTP2SessionOwner: AnyObject {
    func session(received head: HeaderBlock, endStream: Bool, on stream: Int32)
    func session(received body: ByteBuffer, on stream: Int32)
    func session(ended trailers: HeaderBlock?, on stream: Int32)
    func session(closed stream: Int32, error: HTTP2StreamError?)
    func session(writable: Bool, on stream: Int32)
    /// The peer has told its settings: at first that it is there, and speaks HTTP/2.
    func sessionReceivedSettings()
    func sessionIsGoingAway()
}

/// One libnghttp2 session: bytes in, events out, bytes out. No I/O and no channel.
///
/// The C session is owned by this object alone and freed in its `deinit`. Callbacks find the object through the
/// session's user data, unretained: they run only inside `receive` and `pull`, which are called on a living object.
final class HTTP2Session {
    enum Role {
        case client
        case server
    }

    /// What the other side is sending on a stream, and what is queued to be sent to it. A class, so that to change it
    /// copies nothing and costs one look-up.
    final class Stream {
        var hasHead = false
        var bodyLength = 0
        /// Bytes its body may have, where that is not what the configuration says.
        var bodyLimit: Int?
        var unconsumed = 0
        var isOversized = false
        var isFinishedByPeer = false
        var isOverLimit = false
        var outgoing = OutgoingBody()

        /// Makes it what a new one is.
        func clear() {
            (hasHead, isOversized, isFinishedByPeer, isOverLimit) = (false, false, false, false)
            (bodyLength, bodyLimit, unconsumed) = (0, nil, 0)
            outgoing = OutgoingBody()
        }
    }

    /// More streams than that are open for moments only.
    private static let spareLimit = 64
    /// Requests after which names are told again: what callers send drives out what was told, the oldest first.
    static let namesStay = 128
    /// A request with more fields, or longer ones, tells none, as there is a limit to both.
    private static let few = (fields: 50, size: 8 << 10)
    /// Frames that wait until the peer reads: streams and their windows need a few hundred at most.
    private static let mostUnsaid = 1000
    /// Bytes of a part that is short.
    static let shortPart = 1024

    let role: Role
    let configuration: HTTP2Configuration
    /// The owner alone holds the session, and so outlives it. Not weak: a weak reference to an object makes each use of
    /// it dearer, wherever it is used.
    unowned var owner: (any HTTP2SessionOwner)?
    var streams = StreamTable<Stream>()
    /// Streams that are over and serve again, so that not each costs an allocation.
    private var spare: [Stream] = []
    /// The fields that are coming in: of one stream at a time (RFC 9113 §4.3).
    var incoming = HeaderBlock()
    /// That stream, so that it is not looked up for each field.
    var receiving: Stream?
    /// A short part of an answer's body on its way to the owner.
    var part = ByteBuffer()
    var frameGuard: FrameGuard
    private var untilNames = 0
    private(set) var session: OpaquePointer?

    init(role: Role, configuration: HTTP2Configuration) {
        self.role = role
        self.configuration = configuration
        self.frameGuard = FrameGuard(configuration: configuration)
        var callbacks: OpaquePointer?
        nghttp2_session_callbacks_new(&callbacks)
        defer { nghttp2_session_callbacks_del(callbacks) }
        HTTP2Callbacks.register(callbacks)
        var option: OpaquePointer?
        nghttp2_option_new(&option)
        defer { nghttp2_option_del(option) }
        nghttp2_option_set_no_auto_window_update(option, 1)
        nghttp2_option_set_max_outbound_ack(option, 100)
        // As many streams as may be open would be kept when they are over, for priorities that nothing here goes by.
        nghttp2_option_set_no_closed_streams(option, 1)
        let user = Unmanaged.passUnretained(self).toOpaque()
        switch role {
        case .client: nghttp2_session_client_new2(&session, callbacks, user, option)
        case .server: nghttp2_session_server_new2(&session, callbacks, user, option)
        }
        submitSettings()
    }

    deinit {
        nghttp2_session_del(session)
    }

    private func submitSettings() {
        func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
            nghttp2_settings_entry(settings_id: Int32(bitPattern: id.rawValue), value: UInt32(clamping: value))
        }
        var settings = [
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, configuration.initialWindowSize),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, configuration.maxHeaderListSize),
        ]
        switch role {
        case .client: settings.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
        case .server:
            settings.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, configuration.maxConcurrentStreams))
        }
        nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
        nghttp2_session_set_local_window_size(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(clamping: configuration.connectionWindowSize))
    }

    // Bytes

    /// Takes in bytes from the peer. False when the connection can't go on: what `pull` still yields says why.
    func receive(_ buffer: ByteBuffer) -> Bool {
        let taken = buffer.withUnsafeReadableBytes { bytes in
            // The pointer is read only during the call.
            nghttp2_session_mem_recv(session, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        let floods = [NGHTTP2_ERR_FLOODED, NGHTTP2_ERR_TOO_MANY_CONTINUATIONS].map { Int($0.rawValue) }
        // What a peer makes us say without reading it grows without end.
        let isUnheard = role == .server && nghttp2_session_get_outbound_queue_size(session) > Self.mostUnsaid
        if frameGuard.isExceeded || isUnheard || floods.contains(taken) {
            terminate(NGHTTP2_ENHANCE_YOUR_CALM)
            return false
        }
        if taken < 0 {
            terminate(NGHTTP2_PROTOCOL_ERROR)
            return false
        }
        return true
    }

    /// Adds the bytes for the peer to `buffer`; stops near `limit`. False when the session is broken.
    func pull(into buffer: inout ByteBuffer, limit: Int) -> Bool {
        while buffer.readableBytes < limit {
            var data: UnsafePointer<UInt8>?
            let length = nghttp2_session_mem_send(session, &data)
            if length < 0 { return false }
            guard length > 0, let data else { return true }
            // The bytes are the session's own until the next call; they are copied here.
            buffer.writeBytes(UnsafeBufferPointer(start: data, count: length))
        }
        return true
    }

    /// Whether anything is left to say or to hear; when not, the connection is over.
    var isOver: Bool { nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 }
    var wantsToWrite: Bool { nghttp2_session_want_write(session) != 0 }

    // Requests and answers

    /// Opens a stream with a request. Nil when none can be opened.
    func request(_ head: HeaderBlock, body: OutgoingBody?) -> Int32? {
        let names = takeNames(for: head)
        let stream = (names.isEmpty ? head : head.telling(names)).withFields { fields, count in
            withProvider(body != nil) { nghttp2_submit_request(session, nil, fields, count, $0, nil) }
        }
        guard stream > 0 else { return nil }
        let state = begin(stream)
        if let body { state.outgoing = body }
        return stream
    }

    /// The names to be told with a request.
    private func takeNames(for head: HeaderBlock) -> [StaticString] {
        guard untilNames == 0, head.count <= Self.few.fields, head.listSize <= Self.few.size else {
            untilNames = max(0, untilNames - 1)
            return []
        }
        untilNames = Self.namesStay
        return configuration.namesToTell
    }

    /// Begins a stream.
    @discardableResult
    func begin(_ stream: Int32) -> Stream {
        let state = spare.popLast() ?? Stream()
        streams.insert(state, for: stream)
        return state
    }

    /// A stream is over, and nothing refers to it any more.
    func recycle(_ state: Stream) {
        guard spare.count < Self.spareLimit else { return }
        state.clear()
        spare.append(state)
    }

    /// Answers a request.
    func respond(_ head: HeaderBlock, body: OutgoingBody?, on stream: Int32) {
        guard let state = streams[stream] else { return }
        if let body { state.outgoing = body }
        _ = head.withFields { fields, count in
            withProvider(body != nil) { nghttp2_submit_response(session, stream, fields, count, $0) }
        }
    }

    /// Queues more of a streamed body.
    func write(_ buffer: ByteBuffer, on stream: Int32) {
        guard let state = streams[stream] else { return }
        state.outgoing.append(buffer)
        nghttp2_session_resume_data(session, stream)
        if state.outgoing.queued > configuration.highWatermark, !state.isOverLimit {
            state.isOverLimit = true
            owner?.session(writable: false, on: stream)
        }
    }

    /// Ends a streamed body.
    func finish(on stream: Int32) {
        guard let state = streams[stream] else { return }
        state.outgoing.isComplete = true
        nghttp2_session_resume_data(session, stream)
    }

    /// Gives the peer room to send `bytes` more.
    func consumed(_ bytes: Int, on stream: Int32) {
        guard bytes > 0 else { return }
        if let state = streams[stream] {
            state.unconsumed -= bytes
            nghttp2_session_consume(session, stream, bytes)
        }
        // After the stream has closed, its bytes were given back to the connection already.
    }

    /// Gives the connection room for `bytes` more, but not the stream.
    func keep(_ bytes: Int, on stream: Int32) {
        guard let state = streams[stream] else { return }
        state.unconsumed -= bytes
        giveBack(bytes)
    }

    /// Gives the stream room for bytes that were kept.
    func release(_ bytes: Int, on stream: Int32) {
        if streams[stream] != nil { nghttp2_session_consume_stream(session, stream, bytes) }
    }

    func reset(_ stream: Int32, code: UInt32) {
        nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code)
    }

    func ping() {
        nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    }

    // The end

    /// First step of a polite end: the peer learns that it should open no more streams.
    func announceShutdown() {
        nghttp2_submit_shutdown_notice(session)
    }

    /// Second step: streams beyond those known now are refused.
    func goAway() {
        let last = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    func terminate(_ code: nghttp2_error_code) {
        nghttp2_session_terminate_session(session, code.rawValue)
    }

    /// How many streams the peer takes at once.
    var remoteStreamLimit: Int {
        Int(nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
    }

    var mayRequest: Bool { nghttp2_session_check_request_allowed(session) != 0 }

    func giveBack(_ bytes: Int) {
        if bytes > 0 { nghttp2_session_consume_connection(session, bytes) }
    }

    private func withProvider(_ hasBody: Bool, _ submit: (UnsafePointer<nghttp2_data_provider>?) -> Int32) -> Int32 {
        guard hasBody else { return submit(nil) }
        // nghttp2 copies the provider.
        var provider = nghttp2_data_provider()
        provider.read_callback = HTTP2Callbacks.read
        return withUnsafePointer(to: &provider) { submit($0) }
    }
}

extension HeaderBlock {
    /// Calls `body` with the fields as nghttp2 takes them; it copies them before it returns.
    func withFields(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Int32) -> Int32 {
        bytes.withUnsafeBytes { store in
            withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: max(1, count)) { list in
                var index = 0
                Self.forEachField(in: store) { name, value, isUnindexed in
                    let flags = isUnindexed ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
                    list.initializeElement(
                        at: index,
                        to: nghttp2_nv(
                            name: name.mutable, value: value.mutable, namelen: name.count, valuelen: value.count,
                            flags: UInt8(flags.rawValue)))
                    index += 1
                }
                return body(list.baseAddress, index)
            }
        }
    }

    /// The same with fields of these names that have no value, before all others but pseudo-fields: who goes by the last of
    /// two fields of one name does not see them.
    fileprivate func telling(_ names: [StaticString]) -> HeaderBlock {
        var block = HeaderBlock()
        var isTold = false
        func tell() {
            if !isTold { for name in names { block.append(name, "" as StaticString) } }
            isTold = true
        }
        bytes.withUnsafeBytes { store in
            Self.forEachField(in: store) { name, value, isUnindexed in
                if name.first != UInt8(ascii: ":") { tell() }
                block.append(name: name, value: value, unindexed: isUnindexed)
            }
        }
        tell()
        return block
    }
}

extension UnsafeRawBufferPointer {
    /// As nghttp2 takes bytes: it writes through none of these pointers.
    fileprivate var mutable: UnsafeMutablePointer<UInt8>? {
        UnsafeMutablePointer(mutating: baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
}
