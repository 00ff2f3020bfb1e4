/// Why a command did not do what it was asked for; each kind has an exit code of its own.
enum Failure: Error, CustomStringConvertible {
    /// The exit codes, as the documentation has them.
    enum Code {
        static let failed: Int32 = 1
        static let usage: Int32 = 2
        static let notAllowed: Int32 = 3
        static let unreachable: Int32 = 4
    }

    /// The API answered that it will not.
    case refused(Refusal)
    /// Nobody answered.
    case unreachable(String)
    /// There is no login that could be used.
    case notSignedIn(String)
    /// The command can't be understood, which only shows once its options are read together.
    case usage(String)
    /// Anything else.
    case failed(String)

    var exitCode: Int32 {
        switch self {
        case .refused(let refusal): refusal.status == 401 || refusal.status == 403 ? Code.notAllowed : Code.failed
        case .unreachable: Code.unreachable
        case .notSignedIn: Code.notAllowed
        case .usage: Code.usage
        case .failed: Code.failed
        }
    }

    var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .unreachable(let text), .notSignedIn(let text), .usage(let text), .failed(let text): text
        }
    }
}
