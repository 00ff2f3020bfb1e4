import FoundationEssentials
import GatehouseTesting
import Glibc

/// A folder that goes with this object.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/gatehouse-mail-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ChildProcess.Failure("no folder") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
