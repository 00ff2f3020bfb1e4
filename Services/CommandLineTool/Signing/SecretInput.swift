import Glibc
import Kit

/// Reads secrets from where other users can't see them: never from arguments.
enum SecretInput {
    /// The text of a file, `-` for standard input.
    static func file(_ path: String, as name: String) throws(Failure) -> String {
        guard path != "-" else { return try line() }
        do throws(SettingFault) {
            return try SecretFile.read(path, isSecret: true)
        } catch {
            throw .usage("the file that \(name) names \(error)")
        }
    }

    /// The first line of standard input.
    static func line() throws(Failure) -> String {
        guard let text = readLine(strippingNewline: true), !text.isEmpty else {
            throw .usage("standard input holds no password")
        }
        return text
    }

    /// A password: from a file, from standard input where that is no terminal, or asked for.
    static func password(file path: String?, asking question: String) throws(Failure) -> String {
        if let path { return try file(path, as: "--password-file") }
        guard isatty(STDIN_FILENO) == 1 else { return try line() }
        return try hidden(question)
    }

    /// Asks at the terminal and does not show what is typed.
    private static func hidden(_ question: String) throws(Failure) -> String {
        StandardStream.error.write(question)
        var shown = termios()
        guard tcgetattr(STDIN_FILENO, &shown) == 0 else { throw .failed("the terminal can't be asked for a password") }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // Ctrl-C in between would leave a terminal that shows nothing.
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGTSTP] { sigaddset(&signals, signal) }
        sigprocmask(SIG_BLOCK, &signals, &before)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        let text = readLine(strippingNewline: true)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
        StandardStream.error.write("\n")
        sigprocmask(SIG_SETMASK, &before, nil)
        guard let text, !text.isEmpty else { throw .usage("no password was given") }
        return text
    }
}
