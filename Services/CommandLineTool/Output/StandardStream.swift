import Glibc

/// Standard output or error.
enum StandardStream: CInt {
    case output = 1
    case error = 2

    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Writes a text. A reader that has gone has seen enough, and the process ends without another word.
    func write(_ text: String) {
        guard !FileBytes.write(Array(text.utf8), to: rawValue) else { return }
        exit(errno == EPIPE ? 0 : Failure.Code.failed)
    }
}
