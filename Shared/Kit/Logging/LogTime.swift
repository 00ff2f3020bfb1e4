import Glibc
import Synchronization

/// A moment as log records carry it.
struct LogTime: Sendable, Equatable {
    /// Seconds since 1970-01-01T00:00:00Z.
    let seconds: Int64
    /// 0 to 999.
    let milliseconds: Int64

    /// A given moment, for tests.
    init(seconds: Int64, milliseconds: Int64) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    /// The system's clock.
    static var now: LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(seconds: Int64(time.tv_sec), milliseconds: Int64(time.tv_nsec) / 1_000_000)
    }
}

/// Writes times in the form of RFC 3339; the date, which costs the most to work out, is kept for the day.
final class LogTimeWriter: Sendable {
    /// Day since 1970 in the upper half, year, month and day of month in the lower, so that one load reads all of them.
    private let today = Atomic<UInt64>(0)

    /// Appends `2026-01-31T12:00:00.000Z`.
    func append(_ time: LogTime, to line: inout [UInt8]) {
        let day = time.seconds / 86_400
        let second = time.seconds % 86_400
        var packed = today.load(ordering: .relaxed)
        if packed >> 32 != UInt64(bitPattern: day) || packed == 0 {
            packed = UInt64(bitPattern: day) << 32 | Self.civil(day)
            today.store(packed, ordering: .relaxed)
        }
        Self.append(Int64(packed >> 16 & 0xFFFF), digits: 4, to: &line)
        line.append(UInt8(ascii: "-"))
        Self.append(Int64(packed >> 8 & 0xFF), digits: 2, to: &line)
        line.append(UInt8(ascii: "-"))
        Self.append(Int64(packed & 0xFF), digits: 2, to: &line)
        line.append(UInt8(ascii: "T"))
        Self.append(second / 3600, digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        Self.append(second / 60 % 60, digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        Self.append(second % 60, digits: 2, to: &line)
        line.append(UInt8(ascii: "."))
        Self.append(time.milliseconds, digits: 3, to: &line)
        line.append(UInt8(ascii: "Z"))
    }

    private static func append(_ value: Int64, digits: Int, to line: inout [UInt8]) {
        var divisor: Int64 = digits == 4 ? 1000 : digits == 3 ? 100 : 10
        while divisor > 0 {
            line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    /// Year, month and day of month of a day not before 1970, packed. The Gregorian calendar repeats every 146,097
    /// days, and counting years from March puts the leap day last.
    private static func civil(_ day: Int64) -> UInt64 {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return UInt64(truncatingIfNeeded: year << 16 | month << 8 | dayOfMonth)
    }
}
