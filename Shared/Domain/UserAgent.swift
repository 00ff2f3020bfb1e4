import Octets

/// What a `User-Agent` field says of a device, as far as a person would name it.
///
/// A list of sessions shows it; nothing is decided by it, because any client may say anything.
public struct UserAgent: Sendable, Equatable {
    /// The browser or program, `Firefox` for example.
    public let browser: String?
    /// The operating system, `Windows` for example.
    public let system: String?

    /// Reads a field's value.
    public init(_ text: String) {
        browser = Self.browsers.first { text.holds($0.mark) }?.name ?? Self.program(text)
        system = Self.systems.first { text.holds($0.mark) }?.name
    }

    // Browsers claim to be one another: those that say more than the others come first.
    private static let browsers: [(mark: String, name: String)] = [
        ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("Vivaldi/", "Vivaldi"),
        ("SamsungBrowser/", "Samsung Internet"), ("YaBrowser/", "Yandex Browser"), ("FxiOS/", "Firefox"),
        ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("Chromium/", "Chromium"), ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]

    // An iPad says Mac OS X beside iPad, and Android says Linux.
    private static let systems: [(mark: String, name: String)] = [
        ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
        ("Macintosh", "macOS"), ("Mac OS X", "macOS"), ("Darwin", "macOS"), ("Linux", "Linux"),
    ]

    /// The first product of a program that is no browser: `curl` of `curl/8.5.0`.
    private static func program(_ text: String) -> String? {
        let name = text.utf8.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: " ") }
        let isName = name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
        return (1...32).contains(name.count) && isName && !name.elementsEqual("Mozilla".utf8) ? String(name) : nil
    }
}
