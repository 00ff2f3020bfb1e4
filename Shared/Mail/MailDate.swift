import FoundationEssentials
import Glibc

/// A moment, UTC, written as mails and file names need it.
struct MailDate {
    private let parts: tm
    private let microseconds: Int

    init(_ date: Date) {
        let total = Int((date.timeIntervalSince1970 * 1_000_000).rounded(.down))
        let (seconds, microseconds) = total.quotientAndRemainder(dividingBy: 1_000_000)
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        self.parts = parts
        self.microseconds = microseconds
    }

    /// `Tue, 01 Jul 2025 10:00:00 +0000` (RFC 5322 §3.3), in English whatever the locale.
    var header: String {
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = weekdays[Int(parts.tm_wday)]
        let month = months[Int(parts.tm_mon)]
        return "\(weekday), \(digits(parts.tm_mday)) \(month) \(year) \(time(":")) +0000"
    }

    /// `20250701T100000.000000Z`: earlier moments sort first.
    var sortable: String {
        "\(year)\(digits(parts.tm_mon + 1))\(digits(parts.tm_mday))T\(time("")).\(digits(microseconds, 6))Z"
    }

    private var year: String { digits(parts.tm_year + 1900, 4) }

    private func time(_ separator: String) -> String {
        [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits($0) }.joined(separator: separator)
    }

    private func digits(_ number: some BinaryInteger, _ width: Int = 2) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
