import NIOCore
import NIOPosix

/// Runs tasks on an event loop, as the suite's services do.
final class LoopExecutor: TaskExecutor {
    let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

func withLoops<R>(_ count: Int, _ body: ([LoopExecutor]) async throws -> R) async throws -> R {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
    let result: Result<R, any Error>
    do {
        result = .success(try await body(group.makeIterator().map { LoopExecutor($0) }))
    } catch {
        result = .failure(error)
    }
    try await group.shutdownGracefully()
    return try result.get()
}
