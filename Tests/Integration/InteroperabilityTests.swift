import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("With others' tools", .timeLimit(.minutes(3)))
struct InteroperabilityTests {
    /// A Python with the packages of deploy/test-requirements.txt, which deploy/test provides.
    private static let python = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_PYTHON"] ?? "python3"

    private func run(_ script: String, _ arguments: String...) throws -> String {
        try ChildProcess.run([Self.python, "-c", script] + arguments)
    }

    @Test("the access token verifies with PyJWT and joserfc by the published keys")
    func libraries() throws {
        let suite = try SharedSuite.get()
        let tokens = try Person(suite).login()
        let keys = try suite.gateway.send("GET", "/.well-known/jwks.json")
        #expect(keys.header("cache-control") == "public, max-age=300")
        let issuer = "http://localhost:\(suite.gateway.port)"
        let verified = try run(
            """
            import sys, json, jwt
            from joserfc import jwt as jose
            from joserfc.jwk import KeySet
            token, keys, issuer = sys.argv[1:4]
            keys = json.loads(keys)
            header = jwt.get_unverified_header(token)
            assert header["typ"] == "at+jwt" and header["alg"] == "ES256", header
            key = next(key for key in jwt.PyJWKSet.from_dict(keys).keys if key.key_id == header["kid"])
            claims = jwt.decode(token, key.key, algorithms=["ES256"], audience=issuer, issuer=issuer)
            other = jose.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims
            assert claims == other
            needed = {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "sid", "tid", "roles"}
            assert needed <= set(claims), needed - set(claims)
            print("verified", claims["sid"])
            """, tokens.access, keys.body, issuer)
        #expect(verified == "verified \(tokens.session)\n")
    }

    @Test("the OpenAPI document is valid, and every path in it is answered by its service")
    func openAPI() throws {
        let suite = try SharedSuite.get()
        let document = try suite.gateway.send("GET", "/api/v1/openapi.json")
        #expect(document.status == 200)
        let valid = try run(
            """
            import sys, json
            from openapi_spec_validator import validate
            validate(json.loads(sys.argv[1]))
            print("valid")
            """, document.body)
        #expect(valid == "valid\n")
        let json = try JSONParser.parse(document.body.utf8)
        guard case .object(let paths)? = json["paths"] else { throw ChildProcess.Failure("no paths") }
        #expect(paths.count >= 10)
        for path in paths {
            guard case .object(let operations) = path.value else { continue }
            for operation in operations {
                let answer = try suite.gateway.send(operation.name.uppercased(), path.name)
                #expect(
                    ![404, 405, 500, 502, 503].contains(answer.status),
                    "\(operation.name) \(path.name): \(answer.status)")
            }
        }
    }

    @Test("the documentation pages come with their scripts, from here alone")
    func pages() throws {
        let suite = try SharedSuite.get()
        for page in ["/docs", "/redoc"] {
            let answer = try suite.gateway.send("GET", page)
            #expect(answer.status == 200)
            #expect(answer.header("content-security-policy")?.contains("default-src 'none'") == true)
            for line in answer.body.split(separator: "\n") where line.contains("src=") || line.contains("href=") {
                let path = line.split(separator: "\"").first { $0.hasPrefix("/docs/assets/") }
                let asset = try suite.gateway.send("GET", String(try #require(path)))
                #expect(asset.status == 200)
                #expect(!asset.body.isEmpty)
            }
        }
        for path in ["/docs/assets/swagger-ui/../../up", "/docs/assets/x/y.js", "/docs/assets/swagger-ui/.hidden.js"] {
            #expect(try [400, 404].contains(suite.gateway.send("GET", path).status))
        }
    }
}
