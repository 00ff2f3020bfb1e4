import NIOCore

/// The processor cores that this process has.
public enum Cores {
    /// As many as it may use: what its control group leaves it, or where that is less, those it is held to by `taskset`,
    /// `CPUAffinity=` of systemd and the like. More threads than that, of event loops or of hashes, only take the core from
    /// one another, and two hashes at once the memory from its caches.
    public static let available = max(
        1, min(System.coreCount, allowed(ProcessStatistics.text("/proc/self/status")) ?? .max))

    /// How many cores a process may run on by its `/proc/PID/status` (proc(5)); nil where that does not say so.
    static func allowed(_ status: String) -> Int? {
        let field = "Cpus_allowed_list:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }) else { return nil }
        var count = 0
        for range in line.dropFirst(field.count).split(separator: ",") {
            let ends = range.split(separator: "-").map { Int($0.filter(\.isNumber)) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last, ends.count <= 2 else {
                return nil
            }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }
}
