import Testing

@testable import CommandLineTool

@Suite("How refusals read")
struct RefusalTests {
    @Test("a problem is told by title, detail, fields and the request")
    func problem() {
        let answer = APIAnswer(
            422,
            #"""
            {"type":"urn:gatehouse:problem:validation_failed","title":"Some fields are not as they should be","status":422,
            "code":"validation_failed","detail":"Look below.","instance":"urn:gatehouse:request:5sv282o6fhjn2",
            "errors":[{"pointer":"/email","code":"invalid","detail":"must be an e-mail address"},
            {"pointer":"/settings/a~1b~0c","code":"unknown_setting","detail":"is no setting"}]}
            """#)
        #expect(
            Refusal(answer).description == """
                Some fields are not as they should be (422 validation_failed)
                  Look below.
                  email: must be an e-mail address
                  settings.a/b~c: is no setting
                  request 5sv282o6fhjn2
                """)
    }

    @Test("a wrong type comes with the way to say another")
    func wrongType() {
        let answer = APIAnswer(
            422, #"{"title":"No","errors":[{"pointer":"/n","code":"wrong_type","detail":"must be a whole number"}]}"#)
        #expect(Refusal(answer).description.contains("NAME:=VALUE"))
    }

    @Test("an OAuth error is told by its description")
    func oauth() {
        let answer = APIAnswer(400, #"{"error":"invalid_grant","error_description":"It is over."}"#)
        #expect(Refusal(answer).description == "It is over. (400 invalid_grant)")
    }

    @Test("an answer of something else is told by its status, and its text stays out")
    func foreign() {
        let answer = APIAnswer(502, "<html>\u{1B}[2J", headers: [("retry-after", "3"), ("x-request-id", "abc")])
        #expect(Refusal(answer).description == "The answer was status 502 (502)\n  try again in 3 s\n  request abc")
    }

    @Test("a title of a hostile server can't steer the terminal")
    func hostile() {
        #expect(!Refusal(APIAnswer(400, #"{"title":"\u001b[2J"}"#)).description.contains("\u{1B}"))
    }

    @Test(
        "each kind of failure has its exit code",
        arguments: [
            (Failure.refused(Refusal(APIAnswer(401))), Int32(3)), (.refused(Refusal(APIAnswer(403))), 3),
            (.refused(Refusal(APIAnswer(404))), 1), (.refused(Refusal(APIAnswer(503))), 1), (.unreachable(""), 4),
            (.notSignedIn(""), 3), (.usage(""), 2), (.failed(""), 1),
        ])
    func codes(failure: Failure, code: Int32) { #expect(failure.exitCode == code) }
}
