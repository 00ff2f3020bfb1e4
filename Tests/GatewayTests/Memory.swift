import Foundation

/// What this process has in memory, by /proc, in bytes.
enum Memory {
    /// Now.
    static var now: Int { value("VmRSS") }
    /// The most since `forgetPeak`.
    static var peak: Int { value("VmHWM") }

    /// Lets the peak begin anew (proc_pid_clear_refs(5)).
    static func forgetPeak() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }

    private static func value(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }
}
