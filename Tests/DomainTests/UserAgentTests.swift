import Domain
import FoundationEssentials
import Testing

@Suite("What a User-Agent says")
struct UserAgentTests {
    @Test(
        "browser and system are those a person would name",
        arguments: [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                "Edge", "Windows"
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
                "Safari", "macOS"
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1",
                "Chrome", "iOS"
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
                "Samsung Internet", "Android"
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox", "Linux"),
            ("curl/8.5.0", "curl", nil), ("MyApp/1.2 (Darwin)", "MyApp", "macOS"), ("", nil, nil),
            ("Mozilla/5.0", nil, nil), ("<script>alert(1)</script>", nil, nil), ("a/\u{0}\r\nX: y", "a", nil),
        ] as [(String, String?, String?)])
    func names(text: String, browser: String?, system: String?) {
        let agent = UserAgent(text)
        #expect(agent.browser == browser)
        #expect(agent.system == system)
    }

    @Test("settings keep their bounds, whatever is stored")
    func settings() throws {
        let stored = #"{"max_sessions":-1,"password_minimum_length":1,"signing_algorithm":"none","password_classes":9}"#
        let settings = try JSONDecoder().decode(TenantSettings.self, from: Data(stored.utf8))
        #expect(settings.maximumSessions == 0)
        #expect(settings.passwordMinimumLength == 8)
        #expect(settings.passwordClasses == 4)
        #expect(settings.signingAlgorithm == "ES256")
    }
}
