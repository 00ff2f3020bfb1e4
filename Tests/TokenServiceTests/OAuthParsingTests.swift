import FoundationEssentials
import Kit
import Testing
import Tokens

@testable import Token

@Suite("What OAuth requests say")
struct OAuthParsingTests {
    private func basic(_ pair: String, scheme: String = "Basic") -> (identifier: String, secret: String)? {
        ClientAuthentication.basic("\(scheme) " + Data(pair.utf8).base64EncodedString())
    }

    @Test("Basic credentials are split at the first colon, then each half is decoded as a form value")
    func credentials() throws {
        let plain = try #require(basic("app:se:cret"))
        #expect(plain == ("app", "se:cret"))
        let encoded = try #require(basic("my%20app:p%3A%2B+x", scheme: "bAsIc"))
        #expect(encoded == ("my app", "p:+ x"))
        #expect(basic(":secret") == nil)
        #expect(basic("no colon") == nil)
        #expect(basic("app:%zz") == nil)
        #expect(ClientAuthentication.basic("Basic") == nil)
        #expect(ClientAuthentication.basic("Basic ***") == nil)
        #expect(ClientAuthentication.basic("Bearer YTpi") == nil)
    }

    @Test(
        "master keys come with their number, and a fault is told without the key",
        arguments: [
            ("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", 1), ("2.AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", 2),
            ("255.AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", 255),
            ("0.AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", nil),
            ("256.AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", nil),
            ("x.AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", nil),
            ("2.AQID", nil), ("", nil),
        ])
    func masterKey(text: String, version: UInt8?) throws {
        do throws(SettingFault) {
            let key = try SettingParser<MasterKey>.masterKey.parse(text)
            #expect(key.version == version)
        } catch {
            #expect(version == nil)
            #expect(!error.reason.contains("AQIDBAUG"))
        }
    }
}
