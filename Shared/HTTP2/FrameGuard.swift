import CNghttp2
import NIOCore

/// Counts the frames that cost the receiver more than the sender, and says when there were too many.
///
/// Rapid reset (CVE-2023-44487), the same by frames that have to be answered with a reset (CVE-2025-8671), floods of SETTINGS,
/// PING, empty DATA, PRIORITY and CONTINUATION: all are legal frame by frame, so only their number tells. And fields of which
/// a byte each names kilobytes, by HPACK's tables: only what they come to tells.
struct FrameGuard {
    private let configuration: HTTP2Configuration
    private var resets: Window
    private var control: Window
    private var continuations = 0
    /// Bytes of the fields that are coming in, as HTTP/2 counts them.
    private var unpacked = 0
    private(set) var isExceeded = false

    private struct Window {
        let limit: Int
        let length: TimeAmount
        var count = 0
        var start = NIODeadline.now()

        /// Counts one; false when there were too many.
        mutating func admit(_ now: NIODeadline) -> Bool {
            if now - start > length {
                start = now
                count = 0
            }
            count += 1
            return count <= limit
        }
    }

    init(configuration: HTTP2Configuration) {
        self.configuration = configuration
        resets = Window(limit: configuration.maxResets, length: configuration.resetWindow)
        control = Window(limit: configuration.maxControlFramesPerSecond, length: .seconds(1))
    }

    /// Bytes of fields that are looked at, whether they are taken or not: a message that has a few too many is refused, and
    /// the connection goes on.
    private var mostUnread: Int { 4 * configuration.maxHeaderListSize }

    /// Notes a field of a message, by its octets.
    mutating func note(field octets: Int) {
        unpacked += octets + 32
        if unpacked > mostUnread { isExceeded = true }
    }

    /// Notes a frame that is answered with a reset of its stream.
    mutating func noteInvalid() {
        if !resets.admit(.now()) { isExceeded = true }
    }

    /// Notes a frame that begins to arrive.
    mutating func note(_ header: nghttp2_frame_hd) {
        switch UInt32(header.type) {
        case NGHTTP2_RST_STREAM.rawValue:
            if !resets.admit(.now()) { isExceeded = true }
        case NGHTTP2_SETTINGS.rawValue, NGHTTP2_PING.rawValue, NGHTTP2_PRIORITY.rawValue:
            let isAnswer = header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
            if !isAnswer, !control.admit(.now()) { isExceeded = true }
        case NGHTTP2_DATA.rawValue:
            let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            if header.length == 0, !ends, !control.admit(.now()) { isExceeded = true }
        case NGHTTP2_HEADERS.rawValue:
            (continuations, unpacked) = (0, 0)
        case NGHTTP2_CONTINUATION.rawValue:
            continuations += 1
            if continuations > 8 { isExceeded = true }
        default:
            break
        }
    }
}
