import Octets
import FoundationEssentials
import GatehouseTesting
import Kit
import NIOCore
import Testing

@Suite("Users that are imported and exported", .serialized, .timeLimit(.minutes(5)))
struct TransferTests {
    private let suite: RunningSuite

    init() throws {
        suite = try SharedSuite.get()
    }

    private let path = "/api/v1/admin/users/import"

    private func take(
        _ body: String, _ query: String = "", type: String = "application/x-ndjson", tenant: String? = nil,
        bearer: String? = nil
    ) throws -> PlainHTTP.Answer {
        let token = try bearer ?? suite.superuser()
        return try suite.gateway.send(
            "POST", (tenant.map { "/t/\($0)" } ?? "") + path + query, headers: ["Authorization: Bearer \(token)"],
            body: body, type: type)
    }

    /// What an import came to: its counts, as `created updated unchanged skipped failed`.
    private func counts(_ answer: PlainHTTP.Answer) throws -> String {
        guard answer.status == 200 else { throw ChildProcess.Failure("import: \(answer.status) \(answer.body)") }
        let view = try JSONParser.parse(answer.body.utf8)
        return ["created", "updated", "unchanged", "skipped", "failed"].map { "\(view[$0]?.integer ?? -1)" }
            .joined(separator: " ")
    }

    private func report(_ answer: PlainHTTP.Answer, _ query: String = "") throws -> [JSONValue] {
        let id = try #require(JSONParser.parse(answer.body.utf8)["id"]?.string)
        let report = try get("/api/v1/admin/users/imports/\(id)/report\(query)")
        #expect(report.status == 200)
        return try report.body.split(separator: "\n").map { try JSONParser.parse($0.utf8) }
    }

    /// By curl, which reads answers in chunks.
    private func get(_ path: String, bearer: String? = nil) throws -> (status: Int, body: String) {
        let token = try bearer ?? suite.superuser()
        let text = try ChildProcess.run([
            "curl", "-s", "--noproxy", "*", "-w", "\n%{http_code}", "-H", "Authorization: Bearer \(token)",
            "http://127.0.0.1:\(suite.gateway.port)\(path)",
        ])
        let cut = text.lastIndex(of: "\n") ?? text.startIndex
        return (Int(text[cut...].dropFirst()) ?? 0, String(text[..<cut]))
    }

    private func count(_ prefix: String) throws -> String {
        try suite.sql("select count(*) from users where username like '\(prefix)%'")
    }

    @Test("hashes of every kind let their owners in with the passwords they had", arguments: [true, false])
    func hashes(isCSV: Bool) throws {
        let prefix = uniqueName()
        var lines = isCSV ? ["username,password_hash"] : []
        for (number, hash) in Vectors.cheap.enumerated() {
            var json = JSONWriter()
            json.beginObject()
            json.member("username", "\(prefix)-\(number)")
            json.member("password_hash", hash)
            json.endObject()
            lines.append(isCSV ? CSVText.record(["\(prefix)-\(number)", hash]) : json.text)
        }
        let answer = try take(lines.joined(separator: "\n"), type: isCSV ? "text/csv" : "application/x-ndjson")
        #expect(try counts(answer) == "\(Vectors.cheap.count) 0 0 0 0", "\(answer.body)")
        for number in Vectors.cheap.indices {
            let login = try suite.post(
                "/api/v1/auth/login", #"{"username":"\#(prefix)-\#(number)","password":"Grüße, 7 horses"}"#)
            #expect(login.status == 200, "\(Vectors.cheap[number])")
            let wrong = try suite.post(
                "/api/v1/auth/login", #"{"username":"\#(prefix)-\#(number)","password":"Grüße, 8 horses"}"#)
            #expect(wrong.status == 401)
        }
    }

    @Test("bad rows are told with line and reason and stop no others; a dry run tells the same and writes nothing")
    func badRows() throws {
        let prefix = uniqueName()
        var lines: [String] = []
        for number in 1...10_000 {
            let name = "\(prefix)-\(number)"
            switch number % 100 {
            case 10: lines.append(#"{"username":"\#(name)""#)
            case 20:
                lines.append(#"{"username":"\#(name)","password_hash":"$2b$31$\#(String(repeating: "a", count: 53))"}"#)
            case 30: lines.append(#"{"username":"\#(prefix)-1"}"#)
            case 40: lines.append(#"{"username":"\#(name)","roles":["NOBODY"]}"#)
            case 50: lines.append(#"{"username":"\#(name)","password":"secret"}"#)
            case 60: lines.append(#"{"username":"\#(name)","email":"\#(name)"}"#)
            default: lines.append(#"{"username":"\#(name)","email":"\#(name)@example.com","display_name":"=1+1"}"#)
            }
        }
        lines[6999] = #"{"display_name":"\#(String(repeating: "x", count: 1 << 20))"}"#
        let body = lines.joined(separator: "\n")
        let audit = "select count(*) from audit_log where action = 'user.imported'"
        let before = try suite.sql(audit)
        let dry = try take(body, "?dry_run=true")
        #expect(try counts(dry) == "9399 0 0 0 601")
        #expect(try count(prefix) == "0")
        #expect(try suite.sql(audit) == before)
        let real = try take(body)
        #expect(try counts(real) == "9399 0 0 0 601")
        #expect(try count(prefix) == "9399")
        #expect(try Int(suite.sql(audit)) == Int(before).map { $0 + 9399 })
        let faults = try report(real, "?status=failed")
        #expect(try report(dry, "?status=failed") == faults)
        #expect(faults.count == 601)
        let first = try #require(faults.first)
        #expect(first["line"]?.integer == 10)
        func code(_ line: Int) -> String? {
            guard case .array(let errors)? = faults.first(where: { $0["line"]?.integer == line })?["errors"] else {
                return nil
            }
            return errors.first.map { "\($0["field"]?.string ?? "") \($0["code"]?.string ?? "")" }
        }
        #expect(code(20) == "password_hash unusable_hash")
        #expect(code(9930) == "username taken")
        #expect(code(40) == "roles unknown_role")
        #expect(code(50) == " plain_password")
        #expect(code(60) == "email invalid_email")
        #expect(code(7000) == " too_long")
        #expect(try report(real).count == 10_000)
        #expect(!real.body.contains("secret"))
    }

    @Test("rows about users who are there fail, are passed over, or change them")
    func conflicts() throws {
        let name = uniqueName()
        let email = "\(name)@example.com"
        #expect(try counts(take(#"{"username":"\#(name)","email":"\#(email)","email_verified":true}"#)) == "1 0 0 0 0")
        let row =
            #"{"email":"\#(email.uppercased())","display_name":"Ada","roles":["USER","MODERATOR"],"state":"disabled"}"#
        #expect(try counts(take(row)) == "0 0 0 0 1")
        #expect(try counts(take(row, "?on_conflict=skip")) == "0 0 0 1 0")
        #expect(try counts(take(row, "?on_conflict=update")) == "0 1 0 0 0")
        #expect(try counts(take(row, "?on_conflict=update")) == "0 0 1 0 0")
        let user = try suite.sql(
            """
            select email, email_verified_at is not null, display_name, state, token_epoch from users where username = '\(name)'
            """)
        #expect(user == "\(email.uppercased())|t|Ada|disabled|1")
        let roles =
            "select string_agg(name, ' ' order by name) from users u join user_roles ur on ur.user_id = u.id "
            + "join roles r on r.id = ur.role_id where username = '\(name)'"
        #expect(try suite.sql(roles) == "MODERATOR USER")
        let detail = try suite.sql(
            "select detail -> 'roles' ->> 'after' from audit_log where action = 'user.disabled' "
                + "and target_id = (select id::text from users where username = '\(name)')")
        #expect(detail == #"["MODERATOR", "USER"]"#)
        // Several rows about one user within a batch are done one after another.
        let rows = ["A", "B", "B"].map { #"{"username":"\#(name)","display_name":"\#($0)"}"# }
        #expect(try counts(take(rows.joined(separator: "\n"), "?on_conflict=update")) == "0 2 1 0 0")
        let superuser = #"{"email":"root@example.com","state":"disabled"}"#
        #expect(try counts(take(superuser, "?on_conflict=update")) == "0 0 0 0 1")
    }

    @Test("a name that two rows want is the first one's, one given up is the next one's, and no row stops others")
    func renames() throws {
        let name = uniqueName()
        let users = ["a", "b", "c"].map { #"{"username":"\#(name)-\#($0)","email":"\#(name)-\#($0)@example.com"}"# }
        #expect(try counts(take(users.joined(separator: "\n"))) == "3 0 0 0 0")
        func rename(_ user: String, _ new: String) -> String {
            #"{"email":"\#(name)-\#(user)@example.com","username":"\#(name)-\#(new)"}"#
        }
        let rows = [
            rename("a", "sam"), rename("b", "sam"), rename("b", "a"), #"{"username":"\#(name)-b"}"#, rename("c", "b"),
            #"{"username":"\#(name)-z"}"#, #"{"username":"\#(name)-sam","display_name":"Sam"}"#,
        ]
        let body = rows.joined(separator: "\n")
        let dry = try take(body, "?on_conflict=update&dry_run=true")
        #expect(try counts(dry) == "2 3 0 0 2", "\(dry.body)")
        let real = try take(body, "?on_conflict=update")
        #expect(try counts(real) == "2 3 0 0 2", "\(real.body)")
        let faults = try report(real, "?status=failed")
        #expect(faults.compactMap { $0["line"]?.integer } == [2, 5])
        #expect(try report(dry, "?status=failed") == faults)
        #expect(real.body.contains("ambiguous"))
        let names = try suite.sql(
            """
            select string_agg(replace(username || '=' || coalesce(left(email, -12), ''), '\(name)-', ''), ' '
                order by username)
            from users where username like '\(name)-%'
            """)
        #expect(names == "a=b b= c=c sam=a z=")
    }

    @Test("an import that was cut off goes on where it was, and no row comes twice")
    func resume() async throws {
        let prefix = uniqueName()
        let lines = (1...6000).map { #"{"username":"\#(prefix)-\#($0)"}"# }
        let id = UUID().uuidString.lowercased()
        let token = try suite.superuser()
        let script = """
            import socket, sys, time
            body = ("\\n".join('{"username":"%s-%d"}' % (sys.argv[2], n) for n in range(1, 6001))).encode()
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            s.sendall(("POST \(path)?id=\(id) HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer %s\\r\\n"
                "Content-Type: application/x-ndjson\\r\\nContent-Length: %d\\r\\n\\r\\n" % (sys.argv[3], len(body))).encode())
            s.sendall(body[:len(body) * 2 // 3])
            time.sleep(600)
            """
        let caller = try ChildProcess.start(["python3", "-c", script, "\(suite.gateway.port)", prefix, token])
        try await eventually {
            try suite.sql("select count(*) from user_imports where id = '\(id)' and line >= 1000") == "1"
        }
        caller.signal(9)
        caller.wait()
        let half = try #require(Int(count(prefix)))
        #expect((1000..<6000).contains(half))
        let body = lines.joined(separator: "\n")
        let other = try take(body.split(separator: "-1\"").joined(separator: "-x\""), "?id=\(id)")
        #expect(other.status == 409)
        #expect(other.body.contains("import_differs"))
        #expect(try take(body, "?id=\(id)&on_conflict=skip").status == 409)
        let answer = try take(body, "?id=\(id)")
        #expect(try counts(answer) == "6000 0 0 0 0")
        let repeated = try #require(JSONParser.parse(answer.body.utf8)["repeated"]?.integer)
        #expect(repeated >= 1000)
        #expect(try count(prefix) == "6000")
        #expect(try report(answer).compactMap { $0["line"]?.integer } == Array(1...6000))
        let again = try take(body, "?id=\(id)")
        #expect(try JSONParser.parse(again.body.utf8)["repeated"]?.integer == 6000)
        #expect(try counts(again) == "6000 0 0 0 0")
    }

    /// A tenant, and the token of somebody there who may do everything.
    private func tenantWithSuperuser() async throws -> (slug: String, name: String, bearer: String) {
        let slug = try await suite.tenant().slug
        let person = try Person(suite, tenant: slug)
        try suite.sql("update users set is_superuser = true where id = '\(person.id)'")
        return (slug, person.name, try person.login().access)
    }

    @Test("what is exported is taken in by another tenant as it was, by either form, formulas and hashes included")
    func roundTrip() async throws {
        let from = try await tenantWithSuperuser()
        let rows = [
            #"{"username":"ada","email":"+ada=1@example.com","email_verified":true,"display_name":"=cmd|' /C calc'!A0"}"#,
            #"{"username":"bob","display_name":"'@\"x\", y","state":"disabled","created_at":"2020-02-03T04:05:06.789Z"}"#,
            #"{"email":"-c@example.com","roles":[],"password_hash":"\#(Vectors.cheap[0])"}"#,
        ]
        #expect(try counts(take(rows.joined(separator: "\n"), tenant: from.slug, bearer: from.bearer)) == "3 0 0 0 0")
        for format in ["ndjson", "csv"] {
            let to = try await tenantWithSuperuser()
            let path = "/api/v1/admin/users/export?format=\(format)&include=password_hash"
            let exported = try get("/t/\(from.slug)\(path)", bearer: from.bearer)
            #expect(exported.status == 200)
            // A carriage return and a line feed are one character to Swift.
            let lines = Set(exported.body.split(whereSeparator: \.isNewline))
            #expect(lines.count == (format == "csv" ? 5 : 4))
            if format == "csv" {
                for cell in lines.flatMap({ $0.split(separator: ",") }) {
                    let first = cell.drop { $0 == "\"" }.first
                    #expect(first.map { !"=+-@".contains($0) } ?? true, "\(cell)")
                }
            }
            let answer = try take(
                exported.body, type: format == "csv" ? "text/csv" : "application/x-ndjson", tenant: to.slug,
                bearer: to.bearer)
            #expect(try counts(answer) == "4 0 0 0 0", "\(answer.body)")
            let second = try get("/t/\(to.slug)\(path)", bearer: to.bearer)
            let others = second.body.split(whereSeparator: \.isNewline).filter { !$0.contains(to.name) }
            #expect(Set(others) == lines)
        }
    }

    @Test("administrators import and export their own tenant, without hashes going out or rights going up")
    func rights() async throws {
        let (slug, id) = try await suite.tenant()
        let person = try Person(suite, tenant: slug)
        let plain = try person.login().access
        #expect(try take("{}", tenant: slug, bearer: plain).status == 403)
        #expect(try get("/t/\(slug)/api/v1/admin/users/export", bearer: plain).status == 403)
        try suite.sql(
            """
            insert into user_roles (tenant_id, user_id, role_id)
            select tenant_id, '\(person.id)', id from roles where tenant_id = '\(id)' and name = 'ADMIN'
            """)
        let admin = try person.login().access
        let rows = [
            #"{"username":"one"}"#, #"{"username":"two","id":"\#(UUID().uuidString)"}"#,
            #"{"username":"three","roles":["ADMIN"]}"#, #"{"username":"four","roles":["superuser"]}"#,
        ]
        #expect(try counts(take(rows.joined(separator: "\n"), tenant: slug, bearer: admin)) == "2 0 0 0 2")
        let exported = try get("/t/\(slug)/api/v1/admin/users/export", bearer: admin)
        #expect(exported.status == 200)
        #expect(exported.body.split(separator: "\n").count == 3)
        #expect(!exported.body.contains("password_hash"))
        #expect(
            try get("/t/\(slug)/api/v1/admin/users/export?include=password_hash", bearer: admin).status == 403)
        // Its own export is taken back as it was: the ids are of users who are there.
        let back = try take(exported.body, "?on_conflict=update", tenant: slug, bearer: admin)
        #expect(try counts(back) == "0 0 3 0 0")
        let kinds = try suite.sql(
            "select count(*) from audit_log where tenant_id = '\(id)' and action like 'users.%ported'")
        #expect(kinds == "3")
    }

    @Test("whoever may import gives no roles and changes no users by it, unless they may do that, too")
    func importersRights() throws {
        func bearer(_ permissions: String...) throws -> String {
            try Holder(suite, [suite.role(permissions).name]).open().access
        }
        let name = uniqueName()
        let email = "\(name)@example.com"
        let importer = try bearer("users:import")
        let rows = [
            #"{"username":"\#(name)","email":"\#(email)","roles":["USER"]}"#,
            #"{"username":"\#(name)-2","roles":["MODERATOR"]}"#, #"{"username":"\#(name)-3","roles":[]}"#,
        ]
        #expect(try counts(take(rows.joined(separator: "\n"), bearer: importer)) == "1 0 0 0 2")
        let row = #"{"email":"\#(email)","display_name":"Eve","roles":["USER"]}"#
        #expect(try take(row, "?on_conflict=update", bearer: importer).status == 403)
        let writer = try bearer("users:import", "users:write")
        #expect(try counts(take(row, "?on_conflict=update", bearer: writer)) == "0 1 0 0 0")
        // Who holds more is out of reach, whatever the row says of them.
        let holder = try Holder(suite, ["USER", "ADMIN"])
        let above = #"{"username":"\#(holder.name)","state":"disabled"}"#
        let refused = try take(above, "?on_conflict=update", bearer: writer)
        #expect(try counts(refused) == "0 0 0 0 1")
        #expect(refused.body.contains("this user holds what you do not: ADMIN"))
        #expect(try suite.sql("select state from users where id = '\(holder.id)'") == "active")
        #expect(try get("/api/v1/admin/users/export", bearer: writer).status == 403)
    }

    @Test("the way of an import is no way for other bodies that are as long")
    func longBodies() throws {
        let body = String(repeating: " ", count: 300 << 10) + #"{"username":"\#(uniqueName())"}"#
        #expect(try take(body).status == 200)
        let made = try suite.post("/api/v1/admin/users", body, bearer: suite.superuser())
        #expect(made.status == 413)
        let report = try suite.post("/api/v1/admin/users/imports", body, bearer: suite.superuser())
        #expect(report.status == 413)
    }

    @Test("a file without its columns or of another type is refused as a whole")
    func refusals() throws {
        for head in ["name,email", "username,password", "username,username", "\"username"] {
            let answer = try take("\(head)\nx,y", type: "text/csv")
            #expect(answer.status == 422, "\(head)")
        }
        #expect(try take("{}", type: "application/json").status == 415)
        #expect(try take("{}", "?on_conflict=maybe").status == 422)
        let bad = try take("username,email\nx\n\"y,z\na,b@example.com,c\n", "?dry_run=1", type: "text/csv")
        #expect(bad.status == 422)
        let rows = try take("username,email\nx\n\"y,z\n\(uniqueName()),\n", "?dry_run=true", type: "text/csv")
        #expect(try counts(rows) == "1 0 0 0 2")
    }
}

/// CSV without the code that is tested.
private enum CSVText {
    static func record(_ cells: [String]) -> String {
        cells.map {
            "\"" + $0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        .joined(separator: ",")
    }
}
