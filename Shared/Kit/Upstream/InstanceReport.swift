import NIOCore

/// How the instances of an upstream are judged.
struct HealthPolicy: Sendable {
    /// When an instance's requests fail too often.
    var circuit = Circuit.Limits()
    /// How often each is asked whether it is ready.
    var interval = Duration.seconds(2)
    /// How long it has for the answer: more than the second that it gives its own question to Postgres, and so short that
    /// one that hangs is known before its connections are given up for their silence.
    var patience = TimeAmount.milliseconds(1500)
}

/// How an instance stands, as metrics and logs name it.
enum InstanceStanding: String, Sendable, CaseIterable {
    /// In use.
    case ready
    /// Says that it is not ready, or does not say that it is: used when no other is ready.
    case notReady = "not_ready"
    /// Out of use for failures.
    case ejected
    /// Out of use but for one request, whose end decides.
    case trial
    /// No event loop has a connection to it.
    case unreachable
}

/// What counts against an instance.
///
/// An answer never does, whatever its status: 503 of a service says that Postgres is away, which is no better at the other
/// instances, or that its hash queue is full, which lasts for moments (`BusyInstances`). And what is the instance's own
/// trouble it tells when it is asked whether it is ready.
enum InstanceFailure: String, Sendable {
    /// A connection went with requests that were open; once, however many they were.
    case connectionLost = "connection lost"
    /// A stream was reset with INTERNAL_ERROR.
    case streamReset = "stream reset"
    /// A stream was refused, though the connection went on.
    case streamRefused = "stream refused"
    /// An answer did not begin in time.
    case noAnswer = "no answer in time"
}

/// What an event loop has to know of an instance to choose among several.
struct InstanceReport: Sendable, Equatable {
    var standing = InstanceStanding.unreachable
    /// When one request may try an ejected one.
    var trialDue = NIODeadline.distantFuture
    /// Whether its successes are to be told.
    var isSuspect = false
}
