import Glibc

/// Reads the file that a `NAME_FILE` setting names.
public enum SecretFile {
    /// No setting is longer; a device or a wrong path must not fill memory.
    static let maximumBytes = 65_536

    /// The file's text without the line ends at its end.
    /// - Parameter isSecret: Refuses a file that everybody on the machine can read or write.
    public static func read(_ path: String, isSecret: Bool) throws(SettingFault) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw SettingFault("can't be read: \(lastError())") }
        defer { close(descriptor) }

        // Asked of the open descriptor, not of the path, so that what is checked is what is read.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SettingFault("can't be read: \(lastError())") }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw SettingFault("is a directory") }
        if isSecret, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o006 != 0 {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw SettingFault("is open to every user of the machine (mode \(mode)); take it away with chmod o-rw")
        }

        var text = try utf8Text(try contents(descriptor))
        while let last = text.utf8.last, last == 0x0A || last == 0x0D { text.unicodeScalars.removeLast() }
        guard !text.isEmpty else { throw SettingFault("is empty") }
        return text
    }

    private static func contents(_ descriptor: CInt) throws(SettingFault) -> [UInt8] {
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            // The pointer lives for the call of read, which writes at most the array's length.
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SettingFault("can't be read: \(lastError())") }
            if count == 0 { return contents }
            contents += chunk[..<count]
            guard contents.count <= maximumBytes else {
                throw SettingFault("is longer than \(maximumBytes) bytes")
            }
        }
    }

    private static func utf8Text(_ bytes: [UInt8]) throws(SettingFault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
            throw SettingFault("is not text in UTF-8")
        }
        return text
    }

    private static func lastError() -> String {
        switch errno {
        case ENOENT: "there is no such file"
        case EACCES: "permission denied"
        default: "errno \(errno)"
        }
    }
}
