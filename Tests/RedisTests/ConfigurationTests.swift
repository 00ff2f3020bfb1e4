import Redis
import Testing

@Suite struct ConfigurationTests {
    @Test("a plain URL means one server, the default port, database 0 and no login")
    func plain() throws {
        let configuration = try RedisConfiguration(url: "redis://cache.internal")
        #expect(configuration.hosts == [.init(name: "cache.internal", port: 6379)])
        #expect(configuration.database == 0)
        #expect(configuration.username == nil)
        #expect(configuration.password == nil)
        #expect(configuration.masterName == nil)
    }

    @Test("several hosts, user, password and database are read, percent signs decoded")
    func full() throws {
        let configuration = try RedisConfiguration(url: "redis://app:p%40ss%2Fw%C3%B6rd@h1:1,[::1]:2,10.0.0.3/7")
        #expect(
            configuration.hosts == [
                .init(name: "h1", port: 1), .init(name: "::1", port: 2), .init(name: "10.0.0.3", port: 6379),
            ])
        #expect(configuration.username == "app")
        #expect(configuration.password == "p@ss/wörd")
        #expect(configuration.database == 7)
    }

    @Test("a password without a user is the default user's")
    func passwordOnly() throws {
        let configuration = try RedisConfiguration(url: "redis://:secret@h")
        #expect(configuration.username == nil)
        #expect(configuration.password == "secret")
    }

    @Test("a password given apart takes the place of the URL's")
    func passwordApart() throws {
        #expect(try RedisConfiguration(url: "redis://app:old@h", password: "new").password == "new")
        #expect(try RedisConfiguration(url: "redis://app@h", password: "new").username == "app")
    }

    @Test("sentinels are read with the primary's name")
    func sentinels() throws {
        let configuration = try RedisConfiguration(url: "redis+sentinel://:pw@s1,s2:5/3?master=main")
        #expect(configuration.hosts == [.init(name: "s1", port: 26379), .init(name: "s2", port: 5)])
        #expect(configuration.masterName == "main")
        #expect(configuration.database == 3)
    }

    @Test(
        "a URL that is wrong is refused, and the error says what is wrong and repeats nothing of it",
        arguments: [
            ("hunter2", "scheme"), ("http://hunter2", "scheme"), ("rediss://:hunter2@h", "TLS"),
            ("redis://", "host 1 is empty"), ("redis://h,,g", "host 2 is empty"), ("redis://h:hunter2", "port"),
            ("redis://h:0", "port"), ("redis://h:65536", "port"), ("redis://h:+5", "port"), ("redis://h:", "port"),
            ("redis://[::1", "]"), ("redis://[::1]hunter2", "]"), ("redis://u:hunter2/x@h", "port"),
            ("redis://h/hunter2", "database"), ("redis://h/-1", "database"), ("redis://h/99999999999", "database"),
            ("redis://:hunter2%4@h", "password"), ("redis://hunter2%zz@h", "user"),
            ("redis://:hunter2%ff@h", "password"),
            ("redis://hunter2@h", "no password"), ("redis://h?hunter2=1", "query"), ("redis://h?master=x", "query"),
            ("redis://:hunter2#x@h", "fragment"), ("redis://hun ter2", "host 1"), ("redis+sentinel://s", "master"),
            ("redis+sentinel://s?master=", "master"), ("redis+sentinel://s?hunter2", "query"),
        ])
    func refused(url: String, part: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        guard case .configuration(let text) = error else {
            Issue.record("\(url): \(String(describing: error))")
            return
        }
        #expect(text.contains(part))
        #expect(!text.contains("hunter2"))
    }

    @Test("neither description nor dump shows the login")
    func secrecy() throws {
        let configuration = try RedisConfiguration(url: "redis://someone:hunter2@h/1")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in [dumped, "\(configuration)", String(reflecting: configuration), "\([configuration])"] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("someone"))
        }
    }
}
