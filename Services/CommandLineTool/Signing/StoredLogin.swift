import Octets
import Kit
import NIOCore

/// A login as it is kept between commands.
struct StoredLogin: Sendable, Equatable {
    /// A session's tokens.
    struct Tokens: Sendable, Equatable {
        var access: String
        /// Good for one use: it has to be written down before the next command may run.
        var refresh: String
        /// When the access token ends by this machine's clock, in seconds since 1970.
        var accessEnds: Int
    }

    /// The name that was signed in with.
    var user: String
    /// What the server knows this machine by, so that guesses of others don't keep its user out.
    var device: String?
    /// Nil after a logout.
    var tokens: Tokens?

    init(user: String, device: String? = nil, tokens: Tokens? = nil) {
        self.user = user
        self.device = device
        self.tokens = tokens
    }

    /// Reads what `text` wrote; nil for anything else.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONParser.parse(bytes), let user = json["user"]?.string else { return nil }
        self.user = user
        device = json["device_token"]?.string
        if let access = json["access_token"]?.string, let refresh = json["refresh_token"]?.string,
            let ends = json["access_token_ends"]?.integer
        {
            tokens = Tokens(access: access, refresh: refresh, accessEnds: ends)
        }
    }

    /// The file's text.
    var text: String {
        var json = JSONWriter()
        json.beginObject()
        json.member("user", user)
        if let device {
            json.member("device_token", device)
        }
        if let tokens {
            json.member("access_token", tokens.access)
            json.member("refresh_token", tokens.refresh)
            json.member("access_token_ends", tokens.accessEnds)
        }
        json.endObject()
        return json.text + "\n"
    }
}

extension StoredLogin.Tokens {
    /// Reads the answer of a login or refresh; nil for anything else.
    init?(answer: JSONValue, now: Int) {
        guard let access = answer["access_token"]?.string, let refresh = answer["refresh_token"]?.string,
            let lifetime = answer["expires_in"]?.integer
        else { return nil }
        self.init(access: access, refresh: refresh, accessEnds: now + lifetime)
    }
}
