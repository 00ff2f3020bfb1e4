import GatehouseTesting
import Kit
import Testing

@Suite("Lists of users", .timeLimit(.minutes(5)))
struct UserListTests {
    private func page(_ suite: RunningSuite, _ query: String, _ bearer: String) throws -> (
        names: [String], next: String?
    ) {
        let answer = try suite.send("GET", "/api/v1/admin/users?\(query)", bearer: bearer)
        let json = try JSONParser.parse(answer.body.utf8)
        guard answer.status == 200, case .array(let users)? = json["users"] else {
            throw ChildProcess.Failure("\(query): \(answer.status) \(answer.body)")
        }
        return (users.compactMap { $0["username"]?.string ?? $0["id"]?.string }, json["next_cursor"]?.string)
    }

    /// Every page of a list, one after another.
    private func all(
        _ suite: RunningSuite, _ query: String, _ bearer: String, between: () throws -> Void = {}
    ) throws -> [String] {
        var (names, next) = try page(suite, query, bearer)
        while let cursor = next {
            try between()
            let (more, following) = try page(suite, "\(query)&cursor=\(cursor)", bearer)
            #expect(!more.isEmpty)
            names += more
            next = following
        }
        return names
    }

    /// Users whose names begin alike, in the order they were made.
    private func make(_ suite: RunningSuite, _ count: Int) throws -> (prefix: String, names: [String]) {
        let prefix = uniqueName("l")
        let names = (0..<count).map { "\(prefix)-\(Array("cafbed")[$0 % 6])\($0)" }
        for name in names {
            let body = #"{"username":"\#(name)","email":"\#(name)@Lists.example"}"#
            _ = try suite.post("/api/v1/admin/users", body, bearer: suite.superuser())
        }
        return (prefix, names)
    }

    @Test("a walk through the pages meets everybody who was there once, whoever comes meanwhile")
    func stable() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let (prefix, names) = try make(suite, 23)
        var come = 0
        func arrive() throws {
            for place in ["", "0", "zzz"] {
                come += 1
                let body = #"{"username":"\#(prefix)-\#(place)new\#(come)"}"#
                #expect(try suite.post("/api/v1/admin/users", body, bearer: root).status == 201)
            }
        }
        for query in ["search=\(prefix)&limit=5", "contains=\(prefix)&limit=5"] {
            let met = try all(suite, query, root, between: arrive).filter(names.contains)
            #expect(met == names.reversed())
        }
        let byEmail = names.sorted { $0 + "@" < $1 + "@" }
        for (sort, order) in [
            ("created_at", names), ("-created_at", names.reversed()), ("email", byEmail),
            ("-email", byEmail.reversed()), ("username", names.sorted()),
            ("-username", names.sorted().reversed()),
        ] {
            let met = try all(suite, "sort=\(sort)&limit=200", root, between: arrive).filter(names.contains)
            #expect(met == order, "\(sort)")
        }
    }

    @Test("a search finds what begins so, or what has it anywhere, and takes signs as they are")
    func search() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let (prefix, names) = try make(suite, 6)
        let middle = prefix.dropFirst(3)
        #expect(try all(suite, "search=\(prefix.uppercased())", root) == names.reversed())
        #expect(try all(suite, "search=\(middle)", root).isEmpty)
        #expect(try all(suite, "contains=\(middle.uppercased())", root) == names.reversed())
        #expect(try all(suite, "contains=\(middle)-c0%40lists", root) == [names[0]])
        for signs in ["%25%25%25", "___", "%5C%5C%5C", "\(prefix)_", "\(prefix)%25"] {
            #expect(try all(suite, "contains=\(signs)", root).isEmpty, "\(signs)")
        }
        try suite.sql("update users set display_name = 'Ünï 100%_\\ \(middle)' where username = '\(names[1])'")
        #expect(try all(suite, "contains=%C3%BCN%C3%8F%20100%25_%5C%20\(middle)", root) == [names[1]])
    }

    @Test("what is further back than the newest is found by its index")
    func old() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let (prefix, names) = try make(suite, 4)
        let crowd = uniqueName("z")
        try suite.sql(
            """
            insert into users (tenant_id, id, username)
            select '\(Holder.tenant)', ('ffffffff-ffff-7fff-8fff-' || lpad(to_hex(n), 12, '0'))::uuid, '\(crowd)' || n
            from generate_series(1, 3000) n
            """)
        defer { _ = try? suite.sql("delete from users where username like '\(crowd)%'") }
        for query in ["search=\(prefix)", "contains=\(prefix.dropFirst(2))"] {
            #expect(try all(suite, "\(query)&limit=3", root) == names.reversed())
        }
        #expect(try page(suite, "contains=\(crowd.dropFirst(1))&limit=10", root).names.count == 10)
    }

    @Test("a filter shows those alone, and what has no index is refused instead of searched")
    func filters() throws {
        let suite = try SharedSuite.get()
        let root = try suite.superuser()
        let (prefix, names) = try make(suite, 5)
        let role = try suite.role([], by: root)
        let chosen = [names[1], names[3]]
        for name in chosen {
            let user = try suite.sql("select id from users where username = '\(name)'")
            let path = "/api/v1/admin/users/\(user)"
            #expect(try suite.send("PUT", path + "/roles", #"{"roles":["\#(role.name)"]}"#, bearer: root).status == 200)
            #expect(try suite.send("PATCH", path, #"{"state":"disabled"}"#, bearer: root).status == 200)
        }
        #expect(try all(suite, "role=\(role.name)&limit=1", root) == chosen.reversed())
        #expect(try all(suite, "role=nobody", root).isEmpty)
        #expect(try all(suite, "state=disabled&limit=2", root).filter(names.contains) == chosen.reversed())
        #expect(try all(suite, "state=active&search=\(prefix)", root) == [names[4], names[2], names[0]])
        #expect(try all(suite, "state=disabled&contains=\(prefix)&limit=1", root) == chosen.reversed())
        for query in [
            "sort=email&state=active", "sort=email&search=a", "role=USER&state=active", "role=USER&search=a",
            "search=a&contains=abc", "contains=ab", "sort=password", "limit=0", "limit=201",
        ] {
            #expect(try suite.send("GET", "/api/v1/admin/users?\(query)", bearer: root).status == 422, "\(query)")
        }
        let cursor = try #require(try page(suite, "limit=1&sort=email", root).next)
        for other in ["sort=email&cursor=\(cursor)0", "sort=-email&cursor=\(cursor)", "cursor=\(cursor)", "cursor=x"] {
            #expect(try suite.send("GET", "/api/v1/admin/users?\(other)", bearer: root).status == 400, "\(other)")
        }
    }
}
