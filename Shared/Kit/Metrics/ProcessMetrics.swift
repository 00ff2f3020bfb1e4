import Glibc

extension PrometheusRegistry {
    /// The registry of a process: with what the kernel tells of it, what is running, and the log's losses.
    public convenience init(service: String, version: String, revision: String = "") {
        self.init()
        for (name, help) in MetricCatalogue.help { describe(name, help) }
        addProcessMetrics()
        addBuildInformation(service: service, version: version, revision: revision)
        observeCounter("gatehouse_log_records_dropped_total") { Double(LoggingBootstrap.droppedRecords) }
    }

    /// Adds `process_…`: memory, descriptors, threads, CPU time and start time, under the names that dashboards expect.
    public func addProcessMetrics() {
        observeGauge("process_resident_memory_bytes", "Resident memory in bytes.") {
            ProcessStatistics.pages(field: 1)
        }
        observeGauge("process_virtual_memory_bytes", "Virtual memory in bytes.") { ProcessStatistics.pages(field: 0) }
        observeGauge("process_open_fds", "Open file descriptors.") { ProcessStatistics.openDescriptors() }
        observeGauge("process_max_fds", "Most file descriptors that may be open.") {
            ProcessStatistics.maximumDescriptors()
        }
        observeGauge("process_threads", "Threads.") { ProcessStatistics.threads() }
        observeCounter("process_cpu_seconds_total", "CPU time used, user and system, in seconds.") {
            ProcessStatistics.seconds(CLOCK_PROCESS_CPUTIME_ID)
        }
        let start = ProcessStatistics.startTime()
        observeGauge("process_start_time_seconds", "Start of the process in seconds since 1970.") { start }
    }

    /// Adds `gatehouse_build_info`, always 1, whose labels say what is running.
    public func addBuildInformation(service: String, version: String, revision: String = "") {
        var dimensions = [("service", service), ("version", version)]
        if !revision.isEmpty { dimensions.append(("revision", revision)) }
        observeGauge("gatehouse_build_info", "What is running; always 1.", dimensions: dimensions) { 1 }
    }
}

/// What the kernel tells of this process; NaN where it does not.
enum ProcessStatistics {
    /// A field of /proc/self/statm, counted from 0, in bytes.
    static func pages(field: Int) -> Double {
        let fields = text("/proc/self/statm").split(separator: " ")
        guard fields.indices.contains(field), let pages = Double(fields[field]) else { return .nan }
        return pages * Double(sysconf(CInt(_SC_PAGESIZE)))
    }

    static func openDescriptors() -> Double {
        guard let directory = opendir("/proc/self/fd") else { return .nan }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // Entries but "." and ".." are named for a number. The entry is valid until the next call of readdir.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // One of them is the directory being read.
        return Double(count - 1)
    }

    static func maximumDescriptors() -> Double {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .nan }
        return Double(limit.rlim_cur)
    }

    static func threads() -> Double { statistic(17) }

    /// Seconds since 1970: now, less how long ago the kernel says that it began.
    static func startTime() -> Double {
        let ticks = Double(sysconf(CInt(_SC_CLK_TCK)))
        return seconds(CLOCK_REALTIME) - (seconds(CLOCK_BOOTTIME) - statistic(19) / ticks)
    }

    static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return .nan }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// A field of /proc/self/stat, counted from 0 behind the command's name, which may itself hold spaces.
    private static func statistic(_ field: Int) -> Double {
        let all = text("/proc/self/stat")
        guard let end = all.lastIndex(of: ")") else { return .nan }
        let fields = all[all.index(after: end)...].split(separator: " ")
        guard fields.indices.contains(field), let value = Double(fields[field]) else { return .nan }
        return value
    }

    /// A small file of /proc; empty where it can't be read.
    static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        // read writes at most the array's length; the pointer is valid for the call.
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
    }
}
