import ArgumentParser

/// Makes a creation safe to repeat.
struct OnceOptions: ParsableArguments {
    @Option(help: "The same key with the same request creates once, however often it is sent within a day.")
    var idempotencyKey: String?

    var headers: [(name: String, value: String)] { idempotencyKey.map { [("Idempotency-Key", $0)] } ?? [] }
}
