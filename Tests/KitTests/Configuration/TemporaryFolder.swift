import Glibc

/// A folder of its own for a test's files, removed with the value's last use.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/gatehouse-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
        guard mkdir(path, 0o700) == 0 else { throw TestFailure("mkdir: errno \(errno)") }
    }

    deinit {
        guard let folder = opendir(path) else { return }
        var names: [String] = []
        while let entry = readdir(folder) {
            // The entry is valid until the next call of readdir, and its name ends with a zero byte.
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        closedir(folder)
        for name in names where name != "." && name != ".." { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// Writes a file with exactly that mode and returns its path.
    func file(_ name: String, _ contents: some Sequence<UInt8>, mode: mode_t = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw TestFailure("open: errno \(errno)") }
        defer { close(descriptor) }
        let bytes = Array(contents)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fchmod(descriptor, mode) == 0 else {
            throw TestFailure("write: errno \(errno)")
        }
        return file
    }

    func file(_ name: String, _ contents: String, mode: mode_t = 0o600) throws -> String {
        try file(name, contents.utf8, mode: mode)
    }
}

/// What keeps a test from being carried out.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
