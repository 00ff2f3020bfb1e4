import FoundationEssentials
import GatehouseTesting
import Kit
import Testing

@Suite("With others' tools", .timeLimit(.minutes(3)))
struct InteroperabilityTests {
    /// A Python with the packages of deploy/test-requirements.txt, which deploy/test provides.
    static let python = ProcessInfo.processInfo.environment["GATEHOUSE_TEST_PYTHON"] ?? "python3"

    private func run(_ script: String, _ arguments: String...) throws -> String {
        try ChildProcess.run([Self.python, "-c", script] + arguments)
    }

    @Test(
        "access tokens verify with PyJWT, joserfc and OpenSSL by the published keys",
        arguments: ["ES256", "EdDSA", "RS256"])
    func libraries(algorithm: String) async throws {
        let suite = try SharedSuite.get()
        let tenant = try await suite.tenant(#"{"signing_algorithm":"\#(algorithm)"}"#).slug
        let tokens = try Person(suite, tenant: tenant).login()
        let keys = try suite.send("GET", "/.well-known/jwks.json", tenant: tenant)
        #expect(keys.header("cache-control") == "public, max-age=300")
        let issuer = "http://localhost:\(suite.gateway.port)/t/\(tenant)"
        let verified = try run(
            """
            import base64, json, subprocess, sys, tempfile, jwt
            from cryptography.hazmat.primitives import serialization
            from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
            from joserfc import jwt as jose
            from joserfc.jwk import KeySet
            token, keys, issuer, algorithm = sys.argv[1:5]
            keys = json.loads(keys)
            header = jwt.get_unverified_header(token)
            assert header["typ"] == "at+jwt" and header["alg"] == algorithm, header
            key = next(key for key in jwt.PyJWKSet.from_dict(keys).keys if key.key_id == header["kid"])
            claims = jwt.decode(token, key.key, algorithms=[algorithm], audience=issuer, issuer=issuer)
            other = jose.decode(token, KeySet.import_key_set(keys), algorithms=[algorithm]).claims
            assert claims == other
            needed = {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "sid", "tid", "roles", "auth_time", "amr"}
            assert needed <= set(claims), needed - set(claims)

            message, signature = token.rsplit(".", 1)
            signature = base64.urlsafe_b64decode(signature + "==")
            if algorithm == "ES256":
                r, s = signature[:32], signature[32:]
                signature = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
            folder = tempfile.mkdtemp()
            files = {
                "key": key.key.public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
                "message": message.encode(), "signature": signature,
            }
            for name, content in files.items():
                with open(f"{folder}/{name}", "wb") as file:
                    file.write(content)
            digest = [] if algorithm == "EdDSA" else ["-digest", "sha256"]
            subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{folder}/key", "-rawin", "-in",
                 f"{folder}/message", "-sigfile", f"{folder}/signature", *digest], check=True, stdout=sys.stderr)
            print("verified", claims["sid"])
            """, tokens.access, keys.body, issuer, algorithm)
        #expect(verified.hasSuffix("verified \(tokens.session)\n"))
        #expect(try suite.me(tokens.access, tenant: tenant).status == 200)
        #expect(try suite.refresh(tokens.refresh, tenant: tenant).status == 200)
    }

    @Test("forged and altered tokens are refused, and no address in one is asked")
    func forged() throws {
        let suite = try SharedSuite.get()
        let tokens = try Person(suite).login()
        let keys = try suite.gateway.send("GET", "/.well-known/jwks.json").body
        let forged = try run(
            """
            import base64, hashlib, hmac, json, sys
            from cryptography.hazmat.primitives.asymmetric import ec, utils
            from cryptography.hazmat.primitives import hashes, serialization
            token, keys = sys.argv[1], json.loads(sys.argv[2])["keys"]
            encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
            decode = lambda text: base64.urlsafe_b64decode(text + "==")
            head, body, signature = token.split(".")
            header, claims = json.loads(decode(head)), json.loads(decode(body))
            public = json.dumps(keys[0]).encode()
            own = ec.generate_private_key(ec.SECP256R1())
            point = own.public_key().public_numbers()
            jwk = {"kty": "EC", "crv": "P-256", "x": encode(point.x.to_bytes(32, "big")),
                   "y": encode(point.y.to_bytes(32, "big"))}
            pem = own.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

            def signed(header, claims):
                message = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
                if header.get("alg") == "HS256":
                    return message + "." + encode(hmac.new(public, message.encode(), hashlib.sha256).digest())
                r, s = utils.decode_dss_signature(own.sign(message.encode(), ec.ECDSA(hashes.SHA256())))
                return message + "." + encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

            out = {}
            for name in ["none", "None", "NONE", "nOnE"]:
                plain = encode(json.dumps({**header, "alg": name}).encode()) + "." + body + "."
                out["alg " + name] = plain
                out["alg " + name + " signed"] = plain + signature
            out["HS256 over the public key"] = signed({**header, "alg": "HS256"}, claims)
            out["another key under our kid"] = signed(header, claims)
            out["foreign kid"] = signed({**header, "kid": "x"}, claims)
            for kid in ["../../../../dev/null", "' OR 1=1--", "\\u0000", "a\\r\\nb", "k" * 10240, "", 7, ["a"], None]:
                out["kid " + repr(kid)[:30]] = signed({**header, "kid": kid}, claims)
            out["jwk"] = signed({**header, "jwk": jwk}, claims)
            for name in ["jku", "x5u"]:
                out[name] = signed({**header, name: "http://127.0.0.1:" + sys.argv[3] + "/health"}, claims)
            out["crit"] = signed({**header, "crit": ["x"]}, claims)
            for name, value in {"typ": "JWT", "alg": "RS256"}.items():
                out[name] = signed({**header, name: value}, claims)
            for name, value in {"exp": 1, "aud": "x", "iss": "http://evil.example", "tid": "x", "sub": "x"}.items():
                out[name] = ".".join([head, encode(json.dumps({**claims, name: value}).encode()), signature])
            out["trailing dot"] = token + "."
            out["two parts"] = head + "." + body
            out["padded"] = token + "="
            out["zero signature"] = head + "." + body + "." + encode(bytes(64))
            out["longer signature"] = token + "AA"
            print(json.dumps(out))
            """, tokens.access, keys, "\(suite.gateway.port)")
        guard case .object(let cases) = try JSONParser.parse(forged.utf8) else { return }
        #expect(cases.count > 30)
        for item in cases {
            let answer = try suite.me(item.value.string ?? "")
            #expect([401, 431].contains(answer.status), "\(item.name): \(answer.status)")
        }
        #expect(try suite.me(tokens.access).status == 200)
    }

    @Test("the OpenAPI document is valid, and every path in it is answered by its service")
    func openAPI() throws {
        let suite = try SharedSuite.get()
        let document = try suite.gateway.send("GET", "/api/v1/openapi.json")
        #expect(document.status == 200)
        // Fetched there once more: it is longer than an argument may be.
        let valid = try run(
            """
            import sys, json, urllib.request
            from openapi_spec_validator import validate
            validate(json.load(urllib.request.urlopen(sys.argv[1])))
            print("valid")
            """, "http://127.0.0.1:\(suite.gateway.port)/api/v1/openapi.json")
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
