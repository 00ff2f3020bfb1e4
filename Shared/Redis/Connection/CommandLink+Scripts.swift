import NIOCore

extension CommandLink {
    /// Runs a script by its digest; where no digest is known yet, or the server does not know it (any more), the
    /// script is loaded first, once.
    func evaluate(_ script: RedisScript, _ rest: [RedisArgument], _ receiver: Receiver, deadline: NIODeadline?) {
        let deadline = deadline ?? eventLoop.now + configuration.commandTimeout
        guard let digest = script.digest else { return load(script, rest, receiver, deadline: deadline) }
        let retrying = Receiver.closure { [self] reply in
            // The server says so before it runs anything, so that running it again is safe.
            if case .failure(.server(prefix: "NOSCRIPT", _)) = reply {
                load(script, rest, receiver, deadline: deadline)
            } else {
                receiver.complete(reply)
            }
        }
        submit(RedisCommand("EVALSHA", [.text(digest)] + rest), retrying, deadline: deadline)
    }

    private func load(_ script: RedisScript, _ rest: [RedisArgument], _ receiver: Receiver, deadline: NIODeadline) {
        let loaded = Receiver.closure { [self] reply in
            switch reply {
            case .success(let value):
                guard let digest = value.string else {
                    receiver.complete(.failure(.protocolViolation))
                    return
                }
                script.learn(digest: digest)
                submit(RedisCommand("EVALSHA", [.text(digest)] + rest), receiver, deadline: deadline)
            case .failure(let error):
                receiver.complete(.failure(error))
            }
        }
        submit(RedisCommand("SCRIPT", ["LOAD", .text(script.source)]), loaded, deadline: deadline)
    }
}
