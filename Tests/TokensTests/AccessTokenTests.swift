import Domain
import FoundationEssentials
import Testing
import Tokens

@Suite("Access tokens")
struct AccessTokenTests {
    @Test("what was signed is what is read", arguments: SigningAlgorithm.allCases)
    func roundTrip(algorithm: SigningAlgorithm) throws {
        let fixture = try TokenFixture(algorithm)
        #expect(try fixture.verify(fixture.token) == fixture.claims)
    }

    @Test(
        "headers that bring their own rules are refused",
        arguments: [
            #"{"alg":"none","typ":"at+jwt","kid":"KID"}"#, #"{"alg":"None","typ":"at+jwt","kid":"KID"}"#,
            #"{"alg":"HS256","typ":"at+jwt","kid":"KID"}"#, #"{"alg":"EdDSA","typ":"at+jwt","kid":"KID"}"#,
            #"{"alg":"ES256","typ":"JWT","kid":"KID"}"#, #"{"alg":"ES256","kid":"KID"}"#,
            #"{"alg":"ES256","typ":"at+jwt"}"#, #"{"alg":"ES256","typ":"at+jwt","kid":""}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":7}"#, #"{"alg":"ES256","typ":"at+jwt","kid":["KID"]}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"../../dev/null"}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"' OR 1=1--"}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","jwk":{}}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","jku":"https://evil.example"}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","x5u":"https://evil.example"}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","x5c":[]}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":["x"]}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":[]}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","b64":false}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","zip":"DEF"}"#,
            #"{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"KID"}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","x":"\#(String(repeating: "\u{301}", count: 65))"}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","\#(String(repeating: "\u{301}", count: 65))":1}"#,
            #"{"\u0061lg":"none","alg":"ES256","typ":"at+jwt","kid":"KID"}"#, "{", "[]", "null", "",
        ])
    func refusesHeader(header: String) throws {
        let fixture = try TokenFixture()
        let header = header.split(separator: "KID", omittingEmptySubsequences: false).joined(separator: fixture.key.kid)
        let token = try fixture.forge(header: header, payload: TokenFixture.payload())
        #expect(throws: TokenRejection.self) { try fixture.verify(token) }
    }

    @Test(
        "claims that are missing, of another kind, or somebody else's are refused",
        arguments: [
            ["iss": ""], ["iss": #""https://id.example/""#], ["iss": #""HTTPS://id.example""#],
            ["iss": #""http://id.example""#], ["aud": ""], ["aud": "7"], ["aud": #""https://other.example""#],
            ["aud": #"["https://other.example"]"#], ["sub": ""], ["sub": "7"], ["jti": ""], ["client_id": ""],
            ["tid": ""], ["tid": #""t-2""#], ["exp": ""], ["exp": #""9999999999""#], ["exp": "1e400"],
            ["exp": "-1"], ["exp": "9223372036854775808"], ["exp": "1.5"], ["iat": ""], ["nbf": "1e3"],
            ["exp": "\(TokenFixture.now - 6)"], ["iat": "\(TokenFixture.now + 3600)"],
            ["nbf": "\(TokenFixture.now + 61)"], ["roles": "7"], ["sid": "7"], ["scope": "[]"],
            ["role_epoch": #""1""#], ["role_epoch": "1", "permissions": #""a:b""#],
            ["org": "7"], ["org": #""o-1""#], ["org": #""o-1""#, "org_role": "7"],
            ["org": #""o-1""#, "org_role": #""admin""#, "org_permissions": #""a:b""#],
        ])
    func refusesClaims(changes: [String: String]) throws {
        let fixture = try TokenFixture()
        let token = try fixture.forge(header: fixture.header, payload: TokenFixture.payload(changes))
        #expect(throws: TokenRejection.self) { try fixture.verify(token) }
    }

    @Test("what custom roles give is in the token, and that it was left out where it is too much")
    func permissions() throws {
        let fixture = try TokenFixture()
        let many = (0..<21).map { "orders:read\($0)" }
        for (custom, told) in [
            (["orders:read", "users:read"], ["orders:read", "users:read"] as [String]?), ([], []), (many, nil),
        ] {
            var claims = fixture.claims
            claims.customRoles = CustomRoles(epoch: 4, permissions: custom).fittingToken
            let read = try fixture.verify(AccessTokenSigner(key: fixture.key).sign(claims))
            #expect(read.customRoles == CustomRoles(epoch: 4, permissions: told))
        }
        #expect(try fixture.verify(fixture.token).customRoles == nil)
    }

    @Test("permissions in an organization that were left out do not read as none")
    func organizationPermissions() throws {
        let fixture = try TokenFixture()
        for permissions in [["documents:read"] as [String]?, [], nil] {
            var claims = fixture.claims
            claims.organization = .init(id: "o-1", role: "librarian", permissions: permissions)
            let read = try fixture.verify(AccessTokenSigner(key: fixture.key).sign(claims))
            #expect(read.organization?.permissions == permissions)
        }
    }

    @Test("a clock that is a little off is forgiven, and an audience may be one of several")
    func leeway() throws {
        let fixture = try TokenFixture()
        for changes in [
            ["nbf": "\(TokenFixture.now + 8)"], ["exp": "\(TokenFixture.now - 4)"],
            ["aud": #"["https://other.example","https://id.example"]"#], ["\\u0078": "1"],
        ] {
            let token = try fixture.forge(header: fixture.header, payload: TokenFixture.payload(changes))
            #expect(throws: Never.self) { try fixture.verify(token) }
        }
    }

    @Test("two members of one name are refused, however they are spelt")
    func duplicates() throws {
        let fixture = try TokenFixture()
        let payload = TokenFixture.payload().dropLast()
        for extra in [#","sub":"u-2"}"#, #","s\u0075b":"u-2"}"#] {
            let token = try fixture.forge(header: fixture.header, payload: payload + extra)
            #expect(throws: TokenRejection.malformed("payload")) { try fixture.verify(token) }
        }
    }

    @Test("shapes that are no token are refused")
    func shapes() throws {
        let fixture = try TokenFixture()
        let token = try fixture.token
        let parts = token.split(separator: ".").map(String.init)
        let shapes = [
            "", ".", "..", "...", parts[0] + "." + parts[1], token + ".", token + ".x", token + "=", "\t" + token,
            parts[0] + "." + parts[1] + ".", String(repeating: ".", count: 100_000),
            String(repeating: "a", count: 65_536),
            parts[0] + "=." + parts[1] + "." + parts[2],
            parts[0] + "." + parts[1] + "." + String(repeating: "A", count: 86),
        ]
        for shape in shapes { #expect(throws: TokenRejection.self) { try fixture.verify(shape) } }
        let deep = String(repeating: #"{"a":"#, count: 1500) + "1" + String(repeating: "}", count: 1500)
        let nested = try fixture.forge(header: fixture.header, payload: TokenFixture.payload(["x": deep]))
        #expect(throws: TokenRejection.self) { try fixture.verify(nested) }
    }

    @Test("no change of a single character is accepted")
    func mutations() throws {
        let fixture = try TokenFixture()
        let token = Array(try fixture.token.utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= \u{0}".utf8)
        for index in token.indices {
            var changed = token
            repeat { changed[index] = alphabet.randomElement() ?? 0 } while changed[index] == token[index]
            #expect(throws: TokenRejection.self) { try fixture.verify(String(decoding: changed, as: UTF8.self)) }
        }
    }

    @Test("random bytes never trap and are never accepted")
    func fuzz() throws {
        let fixture = try TokenFixture()
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "{", "}", "[", "]", "\"", ":", ",", "\\u", "\\", "1", "-", "e", "9999999999999999999", "null", "a", "\u{1}",
        ]
        for _ in 0..<20_000 {
            let payload = (0..<Int.random(in: 0...20, using: &random)).map { _ in pieces.randomElement() ?? "" }
                .joined()
            let token = "\(TokenFixture.encode(Array(payload.utf8))).\(TokenFixture.encode(Array(payload.utf8))).AA"
            #expect(throws: TokenRejection.self) { try fixture.verify(token) }
        }
    }

    @Test("a key is published as a JWK whose thumbprint is its id (RFC 8037 appendix A)")
    func thumbprint() throws {
        let secret: [UInt8] = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
            0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ]
        let key = try SigningKey(algorithm: .eddsa, rawRepresentation: secret)
        #expect(key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(key.verificationKey.jwk.contains(#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#))
    }

    @Test("the cache holds what it has room for and forgets what expired")
    func cache() {
        var cache = VerifiedTokenCache<Int>(capacity: 3)
        for number in 1...3 { cache.insert(number, for: "t\(number)", expiresAt: 100) }
        func found(_ token: String, _ now: Int64) -> Int? { cache.value(for: token, now: now) }
        let (live, expired) = (found("t1", 99), found("t2", 100))
        #expect(live == 1)
        #expect(expired == nil)
        cache.insert(4, for: "t4", expiresAt: 100)
        let (used, new) = (found("t1", 0), found("t4", 0))
        #expect(used == 1, "what was used lately stays")
        #expect(new == 4)
        let others = ["t2", "t3"].compactMap { found($0, 0) }
        #expect(others.count == 1)
    }

    @Test("the cache tells tokens apart by every byte, though it finds them by their last")
    func cacheKeys() {
        var cache = VerifiedTokenCache<Int>()
        let end = String(repeating: "s", count: 20)
        for number in 1...3 { cache.insert(number, for: "K\(number)." + end, expiresAt: 100) }
        for number in 1...3 {
            let found = cache.value(for: "K\(number)." + end, now: 0)
            #expect(found == number)
        }
        // The sign for kelvins is the letter to a reader.
        for other in ["\u{212A}1." + end, "K1." + end.dropLast(), "K4." + end] {
            let found = cache.value(for: other, now: 0)
            #expect(found == nil)
        }
    }
}
