import HTTPFields
import CNghttp2
import NIOCore

/// The functions nghttp2 calls. Each finds its session through the user data, which points to an `HTTP2Session` that is
/// alive for as long as the call that led here.
enum HTTP2Callbacks {
    private static func session(_ user: UnsafeMutableRawPointer?) -> HTTP2Session? {
        user.map { Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
    }

    static func register(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
            guard let header, let session = HTTP2Callbacks.session(user) else { return 0 }
            session.frameGuard.note(header.pointee)
            // Nothing more is read from a flood.
            return session.frameGuard.isExceeded ? Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) : 0
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame, let session = HTTP2Callbacks.session(user) else { return 0 }
            session.beginHeaders(frame.pointee.hd.stream_id)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameLength, value, length, _, user in
            guard let session = HTTP2Callbacks.session(user) else { return 0 }
            session.header(
                UnsafeRawBufferPointer(start: name, count: nameLength),
                UnsafeRawBufferPointer(start: value, count: length))
            return session.frameGuard.isExceeded ? Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) : 0
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let frame, let session = HTTP2Callbacks.session(user) else { return 0 }
            session.frame(frame.pointee.hd)
            return 0
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, _, _, user in
            guard let session = HTTP2Callbacks.session(user) else { return 0 }
            // What is answered with a reset costs the caller no more than one of its own.
            session.frameGuard.noteInvalid()
            return session.frameGuard.isExceeded ? Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) : 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, data, length, user in
            guard let data, let session = HTTP2Callbacks.session(user) else { return 0 }
            session.body(stream, UnsafeRawBufferPointer(start: data, count: length))
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, user in
            HTTP2Callbacks.session(user)?.closed(stream, code)
            return 0
        }
    }

    /// Gives nghttp2 the next bytes of a body; it asks only while it may send them.
    static let read: nghttp2_data_source_read_callback = { _, stream, destination, room, flags, _, user in
        guard let destination, let flags, let session = HTTP2Callbacks.session(user) else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        return session.provide(stream, destination, room, flags)
    }
}

extension HTTP2Session {
    fileprivate func beginHeaders(_ stream: Int32) {
        receiving = streams[stream] ?? (role == .server ? begin(stream) : nil)
        // Its room stays, unless somebody kept the last one.
        incoming.removeAll()
    }

    fileprivate func header(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        frameGuard.note(field: name.count + value.count)
        guard let state = receiving, !state.isOversized else { return }
        incoming.append(name: name, value: value)
        if incoming.count > configuration.maxHeaderCount || incoming.listSize > configuration.maxHeaderListSize {
            state.isOversized = true
        }
    }

    fileprivate func frame(_ header: nghttp2_frame_hd) {
        let stream = header.stream_id
        let endStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue: receivedHeaders(stream, endStream: endStream)
        case NGHTTP2_DATA.rawValue:
            if endStream { finishedByPeer(stream, trailers: nil) }
        case NGHTTP2_GOAWAY.rawValue: owner?.sessionIsGoingAway()
        case NGHTTP2_SETTINGS.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { owner?.sessionReceivedSettings() }
        default: break
        }
    }

    private func receivedHeaders(_ stream: Int32, endStream: Bool) {
        guard let state = streams[stream] else { return }
        if state.isOversized { return refuseOversized(stream) }
        if state.hasHead {
            if endStream { finishedByPeer(stream, trailers: incoming) }
            return
        }
        // Interim answers (1xx) announce the one that counts.
        if role == .client, let status = incoming.status, status < 200 { return }
        state.hasHead = true
        if endStream { state.isFinishedByPeer = true }
        owner?.session(received: incoming, endStream: endStream, on: stream)
    }

    /// A message with too many or too long fields: a request is answered 431, an answer is dropped.
    private func refuseOversized(_ stream: Int32) {
        guard role == .server else { return reset(stream, code: NGHTTP2_ENHANCE_YOUR_CALM.rawValue) }
        var head = HeaderBlock()
        head.append(":status", "431")
        head.append("content-length", "0")
        // A reset here would overtake the answer; a body that still comes is dropped, up to the limit of any body.
        respond(head, body: nil, on: stream)
    }

    private func finishedByPeer(_ stream: Int32, trailers: HeaderBlock?) {
        guard let state = streams[stream], state.hasHead, !state.isFinishedByPeer else { return }
        state.isFinishedByPeer = true
        owner?.session(ended: trailers, on: stream)
    }

    fileprivate func body(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let state = streams[stream] else { return giveBack(bytes.count) }
        state.bodyLength += bytes.count
        guard state.hasHead else {
            giveBack(bytes.count)
            if state.bodyLength > configuration.maxBodySize { reset(stream, code: NGHTTP2_CANCEL.rawValue) }
            return
        }
        state.unconsumed += bytes.count
        guard state.bodyLength <= state.bodyLimit ?? configuration.maxBodySize else {
            // The stream's end tells the owner why.
            if !state.isOversized {
                state.isOversized = true
                reset(stream, code: NGHTTP2_CANCEL.rawValue)
            }
            return
        }
        // A service's short answer is copied on at once as a rule, and then its room serves again. What a stranger sends
        // is kept while a service is slow: there no byte may hold more room than it needs.
        guard role == .client, bytes.count <= Self.shortPart else {
            owner?.session(received: ByteBuffer(bytes: bytes), on: stream)
            return
        }
        part.clear()
        part.writeBytes(bytes)
        owner?.session(received: part, on: stream)
    }

    fileprivate func provide(
        _ stream: Int32, _ destination: UnsafeMutablePointer<UInt8>, _ room: Int, _ flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        guard let state = streams[stream] else { return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
        let taken = state.outgoing.take(into: destination, room: room)
        let left = state.outgoing.queued
        if left == 0, state.outgoing.isComplete {
            flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            return taken
        }
        if state.isOverLimit, left <= configuration.highWatermark / 4 {
            state.isOverLimit = false
            owner?.session(writable: true, on: stream)
        }
        return taken == 0 ? Int(NGHTTP2_ERR_DEFERRED.rawValue) : taken
    }

    fileprivate func closed(_ stream: Int32, _ code: UInt32) {
        guard let state = streams.remove(stream) else { return }
        // What nobody consumed would otherwise narrow the connection for good.
        giveBack(state.unconsumed)
        let error: HTTP2StreamError?
        if state.isOversized, state.hasHead {
            error = .bodyTooLarge
        } else if code == NGHTTP2_REFUSED_STREAM.rawValue {
            error = .refused
        } else if code != NGHTTP2_NO_ERROR.rawValue || !state.isFinishedByPeer {
            error = .reset(code: code)
        } else {
            error = nil
        }
        owner?.session(closed: stream, error: error)
        if receiving === state { receiving = nil }
        recycle(state)
    }
}
