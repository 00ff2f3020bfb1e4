public import NIOCore

/// What token answers to `OpenSession`.
public struct OpenedSession: ResponseContent {
    /// The session's first tokens.
    public var tokens: TokenAnswer
    /// Whether the login was recorded together with the session. A token process of a version that does not know how says
    /// nothing of it, and then the caller records.
    public var isRecorded: Bool

    /// An opened session.
    public init(tokens: TokenAnswer, isRecorded: Bool) {
        self.tokens = tokens
        self.isRecorded = isRecorded
    }

    /// Reads what token wrote; nil when it is something else.
    public init?(parsing body: ByteBuffer) {
        guard let json = try? JSONParser.parse(body.readableBytesView), let tokens = TokenAnswer(json) else {
            return nil
        }
        self.init(tokens: tokens, isRecorded: json["recorded"] == .bool(true))
    }

    public static let example = OpenedSession(tokens: .example, isRecorded: true)

    public func write(to fields: inout some FieldSink) {
        tokens.write(to: &fields)
        fields.member("recorded", ifTrue: isRecorded)
    }
}
