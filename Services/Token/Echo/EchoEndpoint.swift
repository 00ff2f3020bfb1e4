import HTTPTypes
import Kit

/// What the echo route answers.
struct Echo: ResponseContent {
    let message: String

    static let example = Echo(message: "ok")

    func write(to fields: inout some FieldSink) {
        fields.field("message", message)
    }
}

/// Answers without doing anything: what a request costs on its way. In development only.
struct EchoEndpoint {
    var endpoint: Operation {
        Route(.get, "/api/v1/echo", id: "echo", tag: "development", summary: "Answers at once, to measure the way")
            .handle { _ in Echo(message: "ok") }
    }
}
