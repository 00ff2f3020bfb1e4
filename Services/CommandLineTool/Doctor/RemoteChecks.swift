import CCurl
import FoundationEssentials
import Kit

/// Looks at a Gatehouse from outside.
struct RemoteChecks {
    let site: Site
    let transport: any Transport
    /// Seconds since 1970.
    var now: () -> Int = { Int(Date().timeIntervalSince1970) }

    static let address = "address"
    /// Seconds that clocks may be apart: as much as verifiers of tokens allow as a rule.
    static let skew = 5

    /// Everything that can be told; only the address where that leads nowhere.
    func findings() -> [Finding] {
        let health: APIAnswer
        let clock: Finding
        do throws(Failure) {
            let before = now()
            health = try transport.send(APIRequest("GET", "/health"), to: Site(base: site.base, tenant: nil))
            clock = self.clock(health, between: before, and: now())
        } catch {
            return [.problem(Self.address, "\(error).")]
        }
        return [address, clock] + services(health) + issuer()
    }

    private var address: Finding {
        site.base.isSecure || site.isLoopback
            ? .ok(Self.address, "\(site.base) answers.")
            : .problem(
                Self.address, "\(site.base) answers without encryption: passwords and tokens can be read on the way.")
    }

    private func clock(_ answer: APIAnswer, between before: Int, and after: Int) -> Finding {
        guard let date = answer.header("date"), case let seconds = curl_getdate(date, nil), seconds > 0 else {
            return .note("clock", "The server does not say what time it is.")
        }
        // The field has whole seconds, and was written at any time between the two.
        let ahead = seconds - after
        let behind = before - (seconds + 1)
        if ahead > Self.skew { return .problem("clock", "The server's clock is \(ahead) s ahead of this machine's.") }
        if behind > Self.skew { return .problem("clock", "The server's clock is \(behind) s behind this machine's.") }
        return .ok("clock", "The server's clock and this machine's agree.")
    }

    private func services(_ answer: APIAnswer) -> [Finding] {
        guard let json = try? JSONParser.parse(answer.body), let status = json["status"]?.string else {
            return [.problem("health", "\(site.base)/health is none of a Gatehouse (status \(answer.status)).")]
        }
        var findings = [process("gateway", json, status)]
        if case .object(let services)? = json["services"] {
            for service in services {
                findings.append(process(service.name, service.value, service.value["status"]?.string ?? "unknown"))
            }
        }
        return findings
    }

    private func process(_ name: String, _ report: JSONValue, _ status: String) -> Finding {
        var troubles: [String] = []
        if case .object(let checks)? = report["checks"] {
            for check in checks where check.value["status"]?.string != "ok" {
                let state = check.value["status"]?.string ?? "unknown"
                troubles.append("\(check.name) is \(state)" + (check.value["reason"]?.string.map { ": \($0)" } ?? ""))
            }
        }
        let version = report["version"]?.string
        if let version, version != Version.current {
            troubles.append("version \(version), this tool is \(Version.current)")
        }
        let detail = "\(name) is \(status)" + (troubles.isEmpty ? "" : " (\(troubles.joined(separator: "; ")))") + "."
        return switch status {
        case "ok": troubles.isEmpty ? .ok(name, detail) : .note(name, detail)
        default: .problem(name, detail)
        }
    }

    /// Whether tokens say the address that their users know.
    private func issuer() -> [Finding] {
        let subject = "issuer"
        let answer: APIAnswer
        do throws(Failure) {
            answer = try transport.send(APIRequest("GET", "/.well-known/oauth-authorization-server"), to: site)
        } catch {
            return [.problem(subject, "\(error).")]
        }
        guard answer.status == 200, let json = try? JSONParser.parse(answer.body), let issuer = json["issuer"]?.string
        else {
            return [.problem(subject, "The metadata can't be read: \(Refusal(answer).title) (\(answer.status)).")]
        }
        let isExpected =
            issuer == site.address(of: "") || (site.tenant != nil && issuer.hasPrefix(site.base.text + "/t/"))
        guard isExpected else {
            return [
                .problem(
                    subject,
                    "Tokens say \(issuer), you come by \(site.address(of: "")): one of PUBLIC_URL and --url should be the other."
                )
            ]
        }
        return [.ok(subject, "Tokens say \(issuer), which is this address."), keys()]
    }

    private func keys() -> Finding {
        let answer = try? transport.send(APIRequest("GET", "/.well-known/jwks.json"), to: site)
        guard let answer, answer.status == 200, case .array(let keys)? = (try? JSONParser.parse(answer.body))?["keys"],
            !keys.isEmpty
        else { return .problem("keys", "No key is published that tokens could be verified with.") }
        return .ok("keys", keys.count == 1 ? "1 key is published." : "\(keys.count) keys are published.")
    }
}

/// Whether a login works.
enum LoginCheck {
    static func finding(_ connection: ConnectionOptions) -> Finding {
        let subject = "login"
        do throws(Failure) {
            let user = try connection.client().json(APIRequest("GET", "/api/v1/auth/me"))
            let name = user?["email"]?.string ?? user?["username"]?.string ?? "somebody"
            let roles = user?["roles"]?.words ?? ""
            return .ok(subject, "\(name) is signed in\(roles.isEmpty ? "" : " as \(roles)").")
        } catch {
            if case .notSignedIn(let sentence) = error { return .note(subject, "\(sentence).") }
            return .problem(subject, "The login does not work: \(error)")
        }
    }
}
