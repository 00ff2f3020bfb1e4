public import FoundationEssentials

/// Times as text.
public enum Timestamp {
    /// RFC 3339 in UTC to the millisecond: `2026-01-31T12:00:00.000Z`.
    public static func text(_ date: Date) -> String {
        // By way of whole microseconds, which is what the database keeps: a millisecond is no whole number in binary.
        let milliseconds = floored(Int64((date.timeIntervalSince1970 * 1_000_000).rounded()), by: 1000)
        let seconds = floored(milliseconds, by: 1000)
        let fraction = milliseconds - seconds * 1000
        let days = floored(seconds, by: 86_400)
        let second = Int(seconds - days * 86_400)
        let (year, month, day) = civil(days)
        var text = Array("0000-00-00T00:00:00.000Z".utf8)
        func write(_ value: Int, endingAt end: Int) {
            var (value, place) = (value, end)
            while value > 0 {
                text[place] = UInt8(ascii: "0") + UInt8(value % 10)
                (value, place) = (value / 10, place - 1)
            }
        }
        // RFC 3339 knows four digits.
        write(min(max(year, 0), 9999), endingAt: 3)
        write(month, endingAt: 6)
        write(day, endingAt: 9)
        write(second / 3600, endingAt: 12)
        write(second / 60 % 60, endingAt: 15)
        write(second % 60, endingAt: 18)
        write(Int(fraction), endingAt: 22)
        return String(decoding: text, as: UTF8.self)
    }

    private static func floored(_ number: Int64, by divisor: Int64) -> Int64 {
        number / divisor - (number % divisor < 0 ? 1 : 0)
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01, by eras of 400 years beginning in March.
    private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), Int(month), Int(day))
    }
}
