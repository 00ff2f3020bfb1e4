import Glibc

/// The time as answers state it (RFC 9110 §5.6.7), put into words once a second. Lives on its event loop only.
struct HTTPDate {
    private var second = Int.min
    private var text = ""

    /// The present one, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    mutating func now() -> String {
        var now = timespec()
        // The clock's coarse reading is a few milliseconds old at most, and costs a tenth.
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        if now.tv_sec != second {
            second = now.tv_sec
            text = Self.text(second)
        }
        return text
    }

    /// - Parameter second: Since 1970.
    static func text(_ second: Int) -> String {
        var (second, parts) = (time_t(second), tm())
        gmtime_r(&second, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
            Int(parts.tm_mon)]
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(day), \(two(parts.tm_mday)) \(month) \(parts.tm_year + 1900) \(clock) GMT"
    }
}
