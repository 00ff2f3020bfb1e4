import Kit

/// The API as one caller sees it.
struct APIClient {
    let site: Site
    let transport: any Transport
    let credentials: any Credentials

    /// Sends a request in the caller's name. A token that is refused is renewed once: roles may have changed, which cuts
    /// off tokens that say the old ones.
    /// - Throws: `Failure.refused` for an answer of 400 or more.
    func send(
        _ request: APIRequest, sink: ((UnsafeRawBufferPointer) -> Bool)? = nil
    ) throws(Failure) -> APIAnswer {
        let token = try credentials.token()
        let answer = try attempt(request, token, sink)
        guard answer.status == 401, let renewed = try credentials.renewed(refused: token) else {
            return try Self.accepted(answer)
        }
        return try Self.accepted(try attempt(request, renewed, sink))
    }

    /// Sends a request and reads the JSON of its answer; nil where there is none.
    func json(_ request: APIRequest) throws(Failure) -> JSONValue? {
        try Self.json(try send(request))
    }

    /// The JSON of an answer; nil where it has no body.
    static func json(_ answer: APIAnswer) throws(Failure) -> JSONValue? {
        guard !answer.body.isEmpty else { return nil }
        do throws(JSONError) {
            return try JSONParser.parse(answer.body)
        } catch {
            throw .failed("the answer is not JSON (\(error.reason)); is this the address of a Gatehouse?")
        }
    }

    private func attempt(
        _ request: APIRequest, _ token: String, _ sink: ((UnsafeRawBufferPointer) -> Bool)?
    ) throws(Failure) -> APIAnswer {
        var request = request
        request.headers.append(("Authorization", "Bearer \(token)"))
        return try transport.send(request, to: site, sink: sink)
    }

    private static func accepted(_ answer: APIAnswer) throws(Failure) -> APIAnswer {
        guard answer.status < 400 else { throw .refused(Refusal(answer)) }
        guard answer.status < 300 else {
            throw .failed("the answer leads elsewhere (status \(answer.status)); is this the address of a Gatehouse?")
        }
        return answer
    }
}
