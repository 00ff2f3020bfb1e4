public import FoundationEssentials

extension Timestamp {
    /// Reads a time as RFC 3339 §5.6 writes it: `2026-01-31T12:00:00Z`, with a fraction or an offset instead of `Z` where
    /// there is one. Nil for anything else, and for leap seconds.
    public static func parse(_ text: String) -> Date? {
        var digits = Digits(text)
        guard let year = digits.number(4), digits.take("-"), let month = digits.number(2), digits.take("-"),
            let day = digits.number(2), digits.take("T") || digits.take("t"), let hour = digits.number(2),
            digits.take(":"), let minute = digits.number(2), digits.take(":"), let second = digits.number(2)
        else { return nil }
        guard 1...12 ~= month, 1...length(ofMonth: month, year) ~= day, hour < 24, minute < 60, second < 60 else {
            return nil
        }
        var microseconds: Int64 = 0
        if digits.take(".") {
            guard let fraction = digits.fraction() else { return nil }
            microseconds = fraction
        }
        guard let offset = digits.offset(), digits.isAtEnd else { return nil }
        let seconds = days(year, month, day) * 86_400 + Int64(hour * 3600 + minute * 60 + second) - offset
        return Date(timeIntervalSince1970: Double(seconds) + Double(microseconds) / 1_000_000)
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days from 1970-01-01, by eras of 400 years beginning in March.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Reads digits from the front of a text.
private struct Digits {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// A number of exactly `count` digits.
    mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        rest.removeFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Microseconds; further digits are dropped.
    mutating func fraction() -> Int64? {
        var (value, count): (Int64, Int) = (0, 0)
        while let digit = number(1) {
            if count < 6 { value = value * 10 + Int64(digit) }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, 6 - count) { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return Int64(hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
