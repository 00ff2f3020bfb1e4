import Tokens
import HTTPTypes
import Hummingbird
import Kit

/// The ways to log in with a password.
struct LoginEndpoints {
    let signIn: SignIn
    /// Whether users come over TLS, which decides the device cookie's name and flags.
    let isSecure: Bool

    var endpoints: [Operation] {
        let this = self
        return [
            Route(.post, "/api/v1/auth/login", id: "login", tag: "auth", summary: "Sign in with a password")
                .problem(.unauthorized, "invalid_credentials")
                .respond(LoginInput.self, formats: [.json, .form], answer: TokenAnswer.self) { call, input in
                    try await this.login(call, input)
                },
            Route(
                .post, "/api/v1/auth/token", id: "loginForm", tag: "auth",
                summary: "Sign in with a form of username and password"
            )
            .problem(.unauthorized, "invalid_credentials")
            .respond(LoginInput.self, formats: [.form], answer: TokenAnswer.self) { call, input in
                try await this.login(call, input)
            },
            Route(
                .post, DelegatedLogin.path, id: "delegatedLogin", tag: "internal",
                summary: "Decide a login that came as a password grant", access: .processes
            )
            .handle(DelegatedLogin.self) { call, input in
                let attempt = SignIn.Attempt(
                    name: input.name, password: input.password, client: input.client, scope: input.scope,
                    deviceName: input.deviceName)
                return try await this.signIn.attempt(attempt, call).tokens
            },
        ]
    }

    private func login(_ call: Call, _ input: LoginInput) async throws -> Response {
        let attempt = SignIn.Attempt(
            name: input.name, password: input.password, deviceName: input.deviceName,
            devices: KnownDevice.digests(in: call, body: input.deviceToken, isSecure: isSecure), takesMark: true)
        let success = try await signIn.attempt(attempt, call)
        var tokens = success.tokens
        tokens.deviceToken = success.newDevice?.secret.text
        var response = Response.content(tokens)
        if let device = success.newDevice {
            response.headers[.setCookie] = device.cookie(of: success.user, isSecure: isSecure)
        }
        return response
    }
}
