import FoundationEssentials
import Glibc
import Kit

/// Keeps logins, a file for each site, readable by their owner alone and always whole.
struct LoginStore: Sendable {
    /// Where the files are.
    let folder: String

    init(folder: String) {
        self.folder = folder
    }

    /// The folder that the XDG base directory specification says.
    init(environment: [String: String]) throws(Failure) {
        // By that specification a relative path is to be ignored.
        if let base = environment.given("XDG_CONFIG_HOME"), base.hasPrefix("/") {
            folder = base + "/gatehouse/logins"
        } else if let home = environment.given("HOME") {
            folder = home + "/.config/gatehouse/logins"
        } else {
            throw .failed("neither XDG_CONFIG_HOME nor HOME says where logins are kept")
        }
    }

    /// The file of a site: no two sites share one.
    func path(of site: Site) -> String {
        let name = PercentEncoding.encoded(site.base.text) + (site.tenant.map { "%2Ft%2F" + $0 } ?? "")
        return "\(folder)/\(name)"
    }

    /// The login of a site, nil where there is none.
    /// - Throws: `Failure.failed` for a file that others can read, or that can't be read.
    func login(of site: Site) throws(Failure) -> StoredLogin? {
        let path = path(of: site)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .failed("\(path) can't be read: \(SystemError.text)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .failed("\(path) can't be read: \(SystemError.text)") }
        guard status.st_mode & 0o077 == 0 else {
            throw .failed("\(path) holds tokens and is open to other users; take that away with chmod 600")
        }
        guard let bytes = FileBytes.read(descriptor), let login = StoredLogin(bytes) else {
            throw .failed("\(path) is no login; remove it and sign in again")
        }
        return login
    }

    /// Puts a login in the place of the one before: who reads meanwhile sees the one or the other.
    func write(_ login: StoredLogin, of site: Site) throws(Failure) {
        try makeFolder()
        let path = path(of: site)
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed("\(temporary) can't be written: \(SystemError.text)") }
        // A refresh token is spent once its successor exists: the successor must outlive a power cut.
        let isWritten = FileBytes.write(Array(login.text.utf8), to: descriptor) && fsync(descriptor) == 0
        let reason = SystemError.text
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw .failed("\(path) can't be written: \(isWritten ? SystemError.text : reason)")
        }
        // The new name is on disk once its folder is.
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Runs `body` while no other process does for this site. What the body does is not interrupted by Ctrl-C: between
    /// the server's answer and the file a login could be lost.
    func locked<Value>(_ site: Site, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        try makeFolder()
        // A file beside: the one that is locked must not be replaced.
        let path = path(of: site) + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .failed("\(path) can't be opened: \(SystemError.text)") }
        // Closing gives the lock back, as the end of the process would.
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .failed("\(path) can't be locked: \(SystemError.text)") }
        }
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
        sigprocmask(SIG_BLOCK, &signals, &before)
        defer { sigprocmask(SIG_SETMASK, &before, nil) }
        return try body()
    }

    private func makeFolder() throws(Failure) {
        var path = ""
        for part in folder.split(separator: "/") {
            path += "/" + part
            guard mkdir(path, 0o700) == 0 || errno == EEXIST || access(path, F_OK) == 0 else {
                throw .failed("the folder \(path) can't be made: \(SystemError.text)")
            }
        }
    }
}

/// What went wrong last, in the system's words.
enum SystemError {
    static var text: String { String(cString: strerror(errno)) }
}

/// Whole files by their descriptor.
enum FileBytes {
    /// All bytes up to the end, or nil.
    static func read(_ descriptor: CInt) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            // The pointer lives for the call of read, which writes at most the array's length.
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Writes all bytes; false where that fails, with errno saying why.
    static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        bytes.withUnsafeBytes { write($0, to: descriptor) }
    }

    /// Writes all bytes; false where that fails, with errno saying why.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            // The slice is not empty, so that it has an address, which is used during the call alone.
            let count = UnsafeRawBufferPointer(rebasing: rest).withMemoryRebound(to: UInt8.self) {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
