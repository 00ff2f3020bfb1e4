import Glibc

/// Starts a thread that runs a closure and ends by itself.
enum DetachedThread {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// - Parameter name: At most 15 bytes, as the kernel keeps no more.
    /// - Returns: False when the system has no thread to give; the closure then never runs.
    static func start(name: String, _ run: @escaping @Sendable () -> Void) -> Bool {
        // The retained body is the thread's: taken over in `main`, or released here when no thread came to be.
        let body = Unmanaged.passRetained(Body(name: name, run: run)).toOpaque()
        let isStarted = create(body)
        if !isStarted { Unmanaged<Body>.fromOpaque(body).release() }
        return isStarted
    }

    private static func create(_ argument: UnsafeMutableRawPointer) -> Bool {
        // A variable passed with `&`, or a closure for `detachedThreadMain`, crashes the 6.3 compiler's region analysis.
        withUnsafeTemporaryAllocation(of: pthread_t.self, capacity: 1) { thread in
            guard let thread = thread.baseAddress, pthread_create(thread, nil, detachedThreadMain, argument) == 0 else {
                return false
            }
            pthread_detach(thread.pointee)
            return true
        }
    }

    fileprivate static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        nameCurrent(body.name)
        body.run()
        return nil
    }

    /// From now on this thread, once woken on a core that is busy, starts when what runs there pauses instead of interrupting
    /// it: an event loop that hands over one request after another has them all in one go. On an idle core it starts as soon
    /// as ever. What an operator has chosen for the process (chrt) stays.
    static func letOthersFinish() {
        guard sched_getscheduler(0) == SCHED_OTHER else { return }
        // SCHED_BATCH (sched(7)), which the module of the C library leaves out.
        let batch: CInt = 3
        var parameters = sched_param()
        // Only a matter of speed: where it is not allowed, all works as well.
        _ = sched_setscheduler(0, batch, &parameters)
    }

    /// For `top` and `perf`; a thread that stays unnamed works as well.
    private static func nameCurrent(_ name: String) {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = name.withCString { write(descriptor, $0, strlen($0)) }
        close(descriptor)
    }
}

private func detachedThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    DetachedThread.main(argument)
}
