import Domain
import Kit

/// The settings of the gateway beside the common ones.
enum GatewaySettings {
    /// The internal port: health and metrics.
    static let opsPort = Setting<Int>("OPS_PORT", .port, default: "9080", "The internal port for health and metrics")
    static let port = CommonSettings.port(default: 8080)
    static let identity = upstream("IDENTITY_UPSTREAMS", 8081, "identity")
    static let token = upstream("TOKEN_UPSTREAMS", 8082, "token")
    static let admin = upstream("ADMIN_UPSTREAMS", 8083, "admin")
    static let upstreamRequests = Setting<Int>(
        "UPSTREAM_MAX_REQUESTS", .integer(in: 1...1000), default: "1000",
        "Requests open at one instance at most, for each core of the gateway; those beyond wait a second, then get 503")
    static let routes = Setting<String>("ROUTES_FILE", .nonEmpty, default: "deploy/routes.json", "The route table")
    static let docsAssets = Setting<String?>.optional(
        "DOCS_ASSETS_DIR", .nonEmpty, "The folder with the files of Swagger UI and ReDoc; without it /docs says so")

    static let trustedProxies = Setting<[AddressBlock]>(
        "TRUSTED_PROXIES", .list(of: .addressBlock), default: "",
        "Whose word on the caller's address is taken: blocks such as 10.0.0.0/8, separated by commas")
    static let proxyHeader = Setting<ClientAddress.Source>(
        "TRUSTED_PROXY_HEADER", .choice, default: "x-forwarded-for",
        "The field those proxies write: `x-forwarded-for` or `forwarded`")
    static let origins = Setting<[Origin]>(
        "CORS_ORIGINS", .list(of: .matching("an origin such as https://app.example") { Origin($0) }), default: "",
        "Origins whose pages may call for every tenant, separated by commas; clients name further ones of their own")

    static let securityHeaders = Setting<SecurityHeaders.Mode>(
        "SECURITY_HEADERS", .choice, default: "strict",
        "`strict`, `relaxed` (answers may be embedded elsewhere) or `disabled`: fields for browsers")

    /// Whether a thing is done.
    enum Switch: String, CaseIterable, Sendable {
        case on
        case off
    }

    static let rateLimits = Setting<Switch>(
        "RATE_LIMITS", .choice, default: "on", "`on` or `off`: whether the route table's limits are enforced")
    static let accessLog = Setting<Switch>(
        "ACCESS_LOG", .choice, default: "on", "`on` or `off`: whether each request gets a line, at the level `info`")
    static let gateways = Setting<Int>(
        "GATEWAY_COUNT", .integer(in: 1...1000), default: "1",
        "How many gateways there are: with Redis away each lets through its share")

    static let shutdownDelay = Setting<Duration>(
        "SHUTDOWN_DELAY", .duration(in: .zero ... .seconds(20)), default: "2s",
        "How long connections are still taken after readiness has turned red, so that balancers see it in time")

    static let loginURL = Setting<BaseURL?>.optional(
        "FORWARD_AUTH_LOGIN_URL", .url,
        "Where `/forward-auth` sends people who are not signed in; without it they get 401")
    static let returnHosts = Setting<[String]>(
        "FORWARD_AUTH_HOSTS", .list(of: .nonEmpty), default: "",
        "Hosts that the login page may lead back to, separated by commas")

    static let tlsCertificate = Setting<String?>.optional(
        "TLS_CERTIFICATE_FILE", .nonEmpty,
        "The certificate and those it was issued by, PEM; with it TLS_PORT speaks TLS beside the plain port")
    static let tlsKey = Setting<String?>.optional(
        "TLS_KEY_FILE", .nonEmpty, "The certificate's private key, PEM; not to be readable by everybody")
    static let tlsPort = Setting<Int>("TLS_PORT", .port, default: "8443", "The port for TLS")

    static let plainHTTP2 = Setting<Bool>(
        "PUBLIC_H2C", .boolean, default: "false",
        "Whether the plain port takes HTTP/2 from who begins with it, such as a proxy in front")

    static let all: [any SettingDeclaration] = [
        port, identity, token, admin, upstreamRequests, routes, docsAssets, trustedProxies, proxyHeader, origins,
        securityHeaders, rateLimits, gateways, accessLog, shutdownDelay, loginURL, returnHosts, tlsCertificate, tlsKey,
        tlsPort, plainHTTP2,
    ]

    private static func upstream(_ name: String, _ port: Int, _ service: String) -> Setting<[HostPort]> {
        Setting(
            name, .list(of: .hostPort(defaultPort: port)), default: "127.0.0.1:\(port)",
            "Where \(service) instances listen: `host:port`, separated by commas; a name may stand for several")
    }
}
