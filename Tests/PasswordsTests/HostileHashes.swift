@testable import Passwords

/// Stored texts that must never be evaluated, and why.
enum Hostile {
    static let all: [(String, Refusal)] =
        unknown.map { ($0, .unknownForm) } + malformed.map { ($0, .malformed) } + costly.map { ($0, .costly) }
        + wrongKeys.map { ($0, .keyLength) }

    private static let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    private static let padded = key + "="
    private static let bcrypt = "0qzWLHdyqqI6Jf0TQcD7med9E8ATS2/r8.nHbP4xwxNERMHH/G9pe"

    private static let unknown = [
        "", "$", "$$", "$$$$$", "plain", "\u{0}", "😀", "$1$salt$hash", "$2x$10$\(bcrypt)", "$2$10$\(bcrypt)",
        "$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$\(key)", "$gy$j9T$ab..$\(key)", "$pbkdf2-md5$1000$c2FsdA$\(key)",
        "pbkdf2_md5$1000$salt$\(padded)", "bcrypt_sha256$$2b$12$\(bcrypt)", " $2b$10$\(bcrypt)", "*", "!", "*0", "*1",
        keycloak(#""hashIterations":1000,"algorithm":"pbkdf2-md5""#),
        keycloak(#""hashIterations":1000,"algorithm":"""#),
    ]

    private static let costly = [
        "$2b$31$\(bcrypt)", "$2b$99$\(bcrypt)", "$2a$15$\(bcrypt)", "$2y$03$\(bcrypt)", "$2b$00$\(bcrypt)",
        "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHRzYWx0$\(key)",
        "$argon2i$v=19$m=64,t=11,p=1$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=8192,t=1,p=255$c29tZXNhbHRzYWx0$\(key)",
        "$argon2i$v=19$m=8192,t=1,p=9$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=99999999999999999999,t=1,p=1$c29tZXNhbHRzYWx0$\(key)",
        "$scrypt$ln=30,r=8,p=1$c2FsdA$\(key)", "$scrypt$ln=18,r=8,p=1$c2FsdA$\(key)",
        "$scrypt$ln=10,r=9,p=1$c2FsdA$\(key)",
        "$scrypt$ln=10,r=8,p=5$c2FsdA$\(key)", "$scrypt$ln=10,r=1073741823,p=1$c2FsdA$\(key)",
        "$scrypt$ln=99999999999999999999,r=8,p=1$c2FsdA$\(key)",
        "$7$z6..../....salt$\(key)", "$7$G6..../....salt$\(key)", "$7$Czzzzz/....salt$\(key)",
        "$7$C6....zzzzzsalt$\(key)",
        "$y$jzT$ab..$\(key)", "$y$jFT$ab..$\(key)", "$y$jIj$ab..$\(key)",
        "$6$rounds=999999999$salt$\(key)\(key)", "$5$rounds=1000001$salt$\(key)",
        "$5$rounds=99999999999999999999$salt$\(key)", "pbkdf2_sha256$1000000000$salt$\(padded)",
        "pbkdf2_sha256$5000001$salt$\(padded)", "pbkdf2_sha256$99999999999999999999$salt$\(padded)",
        "$pbkdf2-sha512$1000000000$c2FsdA$\(key)", "$pbkdf2$5000001$c2FsdA$\(key)",
        keycloak(#""hashIterations":1000000000,"algorithm":"pbkdf2-sha256""#), argon2(memory: "4194304"),
        argon2(passes: 11), argon2(passes: 4_294_967_295), argon2(lanes: "255"), argon2(memory: "99999999999999999999"),
    ]

    private static let malformed = [
        "$2b$", "$2b$10", "$2b$10$", "$2b$10$\(bcrypt.dropLast())", "$2b$10$\(bcrypt)a", "$2b$-4$\(bcrypt)",
        "$2b$+9$\(bcrypt)", "$2b$010$\(bcrypt)", "$2b$9$\(bcrypt)", "$2b$10$\(bcrypt)$",
        "$2b$10$!\(bcrypt.dropFirst())",
        "$2b$10$\(bcrypt.dropLast())é", "$2b$10$\(bcrypt.dropLast())\u{0}", "$2b$10$\(bcrypt)\n",
        "pbkdf2_sha256$1000$sa\u{1F}lt$\(padded)", "pbkdf2_sha256$1000$salt\u{7F}$\(padded)",
        "pbkdf2_sha256$1000$sélt$\(padded)", "$argon2id$", "$argon2id$v=19$", "$argon2id$$$$$",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0",
        "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHRzYWx0$\(key)", "$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=0,t=1,p=1$c29tZXNhbHRzYWx0$\(key)", "$argon2i$v=19$m=63,t=1,p=8$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=-64,t=1,p=1$c29tZXNhbHRzYWx0$\(key)", "$argon2id$v=19$m=+64,t=1,p=1$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHRzYWx0$\(key)", "$argon2id$v=19$m=64,t=1$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=64,t=1,p=1,data=AAAA$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=19$m=,t=,p=$c29tZXNhbHRzYWx0$\(key)",
        "$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHRzYWx0$\(key)", "$argon2id$v=19$m=64,t=1,p=1$c29tZQ$\(key)",
        "$argon2id$v=19$m=64,t=1,p=1$$\(key)", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$\(padded)",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$AAAA%AAA", "$argon2i$v=19$m=064,t=1,p=1$c29tZXNhbHRzYWx0$\(key)",
        "$scrypt$", "$scrypt$ln=15,r=8,p=1$$\(key)", "$scrypt$ln=,r=,p=$c2FsdA$\(key)",
        "$scrypt$ln=0,r=8,p=1$c2FsdA$\(key)",
        "$scrypt$ln=-5,r=8,p=1$c2FsdA$\(key)", "$scrypt$ln=10,r=0,p=1$c2FsdA$\(key)",
        "$scrypt$ln=10,r=8,p=0$c2FsdA$\(key)",
        "$scrypt$ln=10,r=8,p=1$!!!!$\(key)", "$scrypt$ln=10,r=8,p=1$c2FsdA$\(key)$",
        "$scrypt$r=8,ln=10,p=1$c2FsdA$\(key)",
        "$7$", "$7$C6..../....", "$7$C6..../....$\(key)", "$7$C6..../....sa-lt$\(key)", "$7$/6..../....salt$\(key)",
        "$7$C...../....salt$\(key)", "$7$C6.........salt$\(key)", "$7$C6..../....salt$\(key.dropLast())!",
        "$y$", "$y$j9T$", "$y$$ab..$\(key)", "$y$j9T$$\(key)", "$y$.9T$ab..$\(key)", "$y$j9$ab..$\(key)",
        "$y$j9T.$ab..$\(key)", "$y$j.T$ab..$\(key)", "$y$j9z$ab..$\(key)", "$y$j9T$a$\(key)", "$y$j9T$zz$\(key)",
        "$5$", "$6$salt", "$6$$\(key)\(key)", "$5$rounds=$salt$\(key)", "$5$rounds=0$salt$\(key)",
        "$5$rounds=-1$salt$\(key)",
        "$5$rounds=999$salt$\(key)", "$5$rounds=05000$salt$\(key)", "$5$salt$salt$\(key)", "$5$sa:lt$\(key)",
        "$5$aaaaaaaaaaaaaaaaa$\(key)", "$5$salt$\(key.dropLast())=",
        "pbkdf2_", "pbkdf2_sha256$", "pbkdf2_sha256$$$", "pbkdf2_sha256$1000$salt", "pbkdf2_sha256$1000$$\(padded)",
        "pbkdf2_sha256$0$salt$\(padded)", "pbkdf2_sha256$-1$salt$\(padded)", "pbkdf2_sha256$1000$salt$\(key)",
        "pbkdf2_sha256$1000$salt$\(padded)$", "pbkdf2_sha256$1000$salt$***", "pbkdf2_sha256$ 1000$salt$\(padded)",
        "pbkdf2_sha256$1000$\(String(repeating: "s", count: 5000))$\(padded)",
        "$pbkdf2$", "$pbkdf2-", "$pbkdf2-sha256$1000$$\(key)", "$pbkdf2-sha256$0$c2FsdA$\(key)",
        "$pbkdf2-sha256$-1$c2FsdA$\(key)", "$pbkdf2-sha256$1000$c2FsdA$\(padded)", "$pbkdf2-sha256$1000$c2FsdA$A",
        "{", "{}", "{\"", "{\"credentialData\":{},\"secretData\":{}}", "{\"credentialData\":\"\",\"secretData\":\"\"}",
        "{\"credentialData\":\"\\u0000\",\"secretData\":null}", String(repeating: "{\"a\":", count: 800),
        String(repeating: "{\"a\":", count: 50_000), keycloak(#""hashIterations":0,"algorithm":"pbkdf2""#),
        keycloak(#""hashIterations":-1,"algorithm":"pbkdf2""#), keycloak(#""hashIterations":1.5,"algorithm":"pbkdf2""#),
        keycloak(#""hashIterations":"1000","algorithm":"pbkdf2""#),
        keycloak(#""hashIterations":99999999999999999999,"algorithm":"pbkdf2""#),
        keycloak(#""hashIterations":1e999,"algorithm":"pbkdf2""#),
        keycloak(#""hashIterations":1000,"algorithm":"pbkdf2""#, salt: ""),
        keycloak(#""hashIterations":1000,"algorithm":"pbkdf2""#, salt: "%%%%"),
        keycloak(#""hashIterations":1000,"algorithm":"pbkdf2""#, value: key),
        keycloak(#""hashIterations":1,"algorithm":"argon2""#), argon2(memory: "-64"), argon2(memory: "7"),
        argon2(lanes: "0"), argon2(passes: 0), argon2(type: "d"),
    ]

    private static let wrongKeys = [
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$AAAA",
        "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0$\(key)\(key.dropLast(2))AAA",
        "$scrypt$ln=10,r=8,p=1$c2FsdA$", "$scrypt$ln=10,r=8,p=1$c2FsdA$AAAA", "$7$C6..../....salt$",
        "$7$C6..../....salt$\(key.dropLast())", "$y$j9T$ab..$", "$y$j9T$ab..$\(key)A", "$5$salt$", "$6$salt$\(key)",
        "pbkdf2_sha256$1000$salt$", "pbkdf2_sha1$1000$salt$AAAA", "pbkdf2_sha512$1000$salt$\(key)\(key)\(key)AAA",
        "$pbkdf2-sha256$1000$c2FsdA$", "$pbkdf2$1000$c2FsdA$AAAA",
        keycloak(#""hashIterations":1000,"algorithm":"pbkdf2""#, value: ""),
        keycloak(#""hashIterations":1000,"algorithm":"pbkdf2""#, value: "AAAA"),
    ]

    private static func keycloak(_ cost: String, salt: String = "c2FsdA==", value: String = padded) -> String {
        #"{"credentialData":{\#(cost)},"secretData":{"salt":"\#(salt)","value":"\#(value)"}}"#
    }

    private static func argon2(
        type: String = "id", memory: String = "64", passes: Int = 1, lanes: String = "1"
    ) -> String {
        keycloak(
            #""hashIterations":\#(passes),"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"version":["1.3"],"#
                + #""type":["\#(type)"],"memory":["\#(memory)"],"parallelism":["\#(lanes)"]}"#,
            salt: "MDEyMzQ1Njc4OWFiY2RlZg==")
    }
}
