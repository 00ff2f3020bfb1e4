public import NIOCore

/// How one of several instances is chosen, and when one that could not be reached is tried again.
public enum Choice {
    /// Two different places of so many, at random; the less busy of the two is the one to take.
    /// - Precondition: There are at least two.
    public static func two(of count: Int) -> (Int, Int) {
        let first = Int.random(in: 0..<count)
        let second = Int.random(in: 0..<(count - 1))
        return (first, second >= first ? second + 1 : second)
    }

    /// The pause after so many failures in a row: doubling, in milliseconds, and shortened at random by up to half, so
    /// that those who lost one instance do not come back in step.
    public static func pause(after failures: Int, shortest: Int, longest: Int) -> TimeAmount {
        let pause = Int64(min(longest, shortest << min(failures, 16)))
        return .milliseconds(Int64.random(in: pause / 2...pause))
    }
}
