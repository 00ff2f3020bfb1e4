import NIOCore
import Testing

@testable import Kit

@Suite("Cores")
struct CoresTests {
    @Test(
        "the cores a process is held to are counted as the kernel lists them",
        arguments: [
            ("0", 1), ("0-1", 2), ("3", 1), ("0-3,8,10-11", 7), ("", nil), ("none", nil), ("4-2", nil), ("1-2-3", nil),
        ])
    func list(text: String, count: Int?) {
        let status = "Name:\tgatehouse\nCpus_allowed:\tff\nCpus_allowed_list:\t\(text)\nMems_allowed_list:\t0\n"
        #expect(Cores.allowed(status) == count)
        #expect(Cores.allowed("Name:\tgatehouse\n") == nil)
    }

    @Test("there is one at least, and no more than the machine has")
    func available() {
        #expect(Cores.allowed(ProcessStatistics.text("/proc/self/status")) != nil)
        #expect((1...System.coreCount).contains(Cores.available))
    }
}
