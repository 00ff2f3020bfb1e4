import Glibc

/// Reads what a command is given in files.
enum InputFile {
    /// The bytes of a file, `-` for standard input.
    static func bytes(_ path: String, as option: String) throws(Failure) -> [UInt8] {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .usage("\(option): \(path) can't be read: \(SystemError.text)") }
        defer { close(descriptor) }
        guard let bytes = FileBytes.read(descriptor) else {
            throw .usage("\(option): \(path) can't be read: \(SystemError.text)")
        }
        return bytes
    }
}
