// swift-tools-version: 6.2

import PackageDescription

// deploy/test sets GATEHOUSE_STRICT: there a warning is an error.
let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (Context.environment["GATEHOUSE_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)])

// MARK: Products of other packages, named once

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioConcurrency: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// MARK: Building blocks

func system(_ name: String, pkgConfig: String, debian package: String) -> Target {
    .systemLibrary(
        name: name, path: "Shared/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

func library(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency], exclude: [String] = [],
    plugins: [Target.PluginUsage] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path ?? "Shared/\(name)", exclude: exclude,
        swiftSettings: strict, plugins: plugins)
}

func process(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Services/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "gatehouse",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "gatehouse-gateway", targets: ["Gateway"]),
        .executable(name: "gatehouse-identity", targets: ["Identity"]),
        .executable(name: "gatehouse-token", targets: ["Token"]),
        .executable(name: "gatehouse-admin", targets: ["Admin"]),
        .executable(name: "gatehouse-migrate", targets: ["Migrate"]),
        .executable(name: "gatehouse", targets: ["CommandLineTool"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        system("CLibPQ", pkgConfig: "libpq", debian: "libpq-dev"),
        system("CLibCrypto", pkgConfig: "libcrypto", debian: "libssl-dev"),
        system("CHiredis", pkgConfig: "hiredis", debian: "libhiredis-dev"),
        system("CNghttp2", pkgConfig: "libnghttp2", debian: "libnghttp2-dev"),
        system("CSodium", pkgConfig: "libsodium", debian: "libsodium-dev"),
        system("CArgon2", pkgConfig: "libargon2", debian: "libargon2-dev"),
        system("CCurl", pkgConfig: "libcurl", debian: "libcurl4-openssl-dev"),
        system("CCrypt", pkgConfig: "libcrypt", debian: "libcrypt-dev"),
        .systemLibrary(name: "CMalloc", path: "Shared/CMalloc"),
        .target(name: "HashMemory", path: "Shared/HashMemory"),

        library("Octets", []),
        library("Domain", ["Octets"]),
        library("Spans", [nioConcurrency]),
        library("Retries", [nioCore]),
        library(
            "Postgres", ["CLibPQ", "Retries", "Spans", nioCore, nioPosix, nioConcurrency, lifecycle, logging, metrics]),
        library("Redis", ["CHiredis", "Retries", nioCore, nioPosix, nioConcurrency, lifecycle, logging, metrics]),
        library("HTTPFields", ["Octets"]),
        library("HTTP1", ["Octets", "HTTPFields", nioCore]),
        library("HTTP2", ["CNghttp2", "HTTPFields", nioCore]),
        library("Tokens", ["Octets", "Domain", crypto, cryptoExtras]),
        library(
            "Passwords",
            [
                "Octets", "Domain", "Spans", "CSodium", "CArgon2", "CCrypt", "CLibCrypto", "HashMemory", nioCore,
                nioPosix, nioConcurrency, metrics,
            ]),
        .plugin(
            name: "EmbedMigrations", capability: .buildTool(), dependencies: ["embed-migrations"],
            path: "Shared/EmbedMigrations/Plugin"),
        .executableTarget(
            name: "embed-migrations", path: "Shared/EmbedMigrations/Tool", swiftSettings: strict),
        library("Schema", ["CLibPQ"], exclude: ["Migrations"], plugins: ["EmbedMigrations"]),
        library(
            "Kit",
            [
                "Octets", "Domain", "HTTPFields", "HTTP2", "Postgres", "Redis", "Schema", "Tokens", "Spans", "CCurl",
                nioCore, nioPosix, nioHTTP1, nioConcurrency, hummingbird, hummingbirdCore, lifecycle, signals, logging,
                metrics, httpTypes, crypto, configuration,
            ]),
        library(
            "Events",
            ["Domain", "Postgres", "Redis", "Tokens", crypto, nioCore, nioConcurrency, lifecycle, logging, metrics]),
        library("Directory", ["Domain", "Postgres", "Events", "Tokens", nioConcurrency, lifecycle, logging]),
        library("Mail", ["Domain", "CCurl"]),
        library("Limits", ["Octets", "Redis", "CLibCrypto", nioCore, lifecycle, logging, metrics]),
        library("GatehouseTesting", path: "Shared/Testing", []),

        process(
            "Gateway",
            [
                "Octets", "Kit", "Spans", "Domain", "HTTPFields", "HTTP1", "HTTP2", "Postgres", "Redis", "Events",
                "Directory", "Tokens", "Limits", "CMalloc", nioCore, nioPosix, nioConcurrency, nioTLS, nioSSL,
                hummingbird, hummingbirdCore, lifecycle, signals, logging, metrics, httpTypes,
            ]),
        process(
            "Identity",
            [
                "Octets", "Kit", "Domain", "Postgres", "Redis", "Events", "Directory", "Passwords", "Tokens", "Mail",
                hummingbird, httpTypes, nioCore, nioPosix, lifecycle, logging, metrics,
            ]),
        process(
            "Token",
            [
                "Octets", "Kit", "Domain", "Postgres", "Redis", "Events", "Directory", "Tokens", hummingbird, httpTypes,
                nioCore, nioConcurrency, nioPosix, lifecycle, logging, metrics,
            ]),
        process(
            "Admin",
            [
                "Octets", "Kit", "Domain", "Postgres", "Redis", "Events", "Tokens", "Passwords", crypto, hummingbird,
                httpTypes, nioCore, nioConcurrency, lifecycle, logging, metrics,
            ]),
        process("Migrate", ["Schema", arguments]),
        process(
            "CommandLineTool",
            ["Octets", "Kit", "Domain", "Redis", "Schema", "CCurl", arguments, nioCore, nioPosix, logging]),

        tests("OctetsTests", ["Octets"]),
        tests("DomainTests", ["Domain"]),
        tests("RetriesTests", ["Retries", nioCore]),
        tests(
            "PostgresTests",
            ["Postgres", "GatehouseTesting", nioCore, nioPosix, nioConcurrency, lifecycle, logging]),
        tests(
            "RedisTests",
            ["Redis", "GatehouseTesting", nioCore, nioPosix, nioEmbedded, nioConcurrency, logging]),
        tests("LimitsTests", ["Limits", "Redis", "GatehouseTesting", nioCore, nioPosix, logging]),
        tests("HTTP1Tests", ["HTTP1", "HTTPFields", "GatehouseTesting", nioCore]),
        tests("HTTP2Tests", ["HTTPFields", "HTTP2", "CNghttp2", nioCore, nioEmbedded]),
        tests(
            "KitTests",
            [
                "Octets", "Kit", "Spans", "Domain", "HTTPFields", "HTTP2", hummingbird, httpTypes, nioCore, nioPosix,
                nioConcurrency, logging, metrics,
            ]),
        tests("TokensTests", ["Tokens", "Domain"]),
        tests("PasswordsTests", ["Passwords", nioCore, nioConcurrency]),
        tests("MailTests", ["Mail", "Domain", "GatehouseTesting"], exclude: ["smtp_sink.py"]),
        tests("SchemaTests", ["Schema", "GatehouseTesting", "Migrate"]),
        tests(
            "DirectoryTests",
            ["Directory", "Domain", "Events", "Postgres", "Tokens", "GatehouseTesting", nioCore, logging]),
        tests(
            "EventsTests",
            ["Events", "Domain", "Postgres", "Redis", "Tokens", "GatehouseTesting", crypto, nioCore, nioPosix, logging]),
        tests(
            "GatewayTests",
            [
                "Gateway", "Kit", "Domain", "Directory", "Events", "HTTPFields", "HTTP1", "HTTP2", "Postgres", "Redis",
                "Tokens", "GatehouseTesting",
                nioCore, nioPosix, nioConcurrency, hummingbirdCore, logging,
            ]),
        tests("TokenServiceTests", ["Token", "Kit", "Tokens", "Domain", "Events"]),
        tests("IdentityTests", ["Identity", "Domain", "Events", nioCore]),
        tests("AdminTests", ["Admin", "Domain", "Kit", "Postgres", "Tokens", nioCore]),
        tests("CommandLineToolTests", ["CommandLineTool", "Kit", arguments]),
        tests(
            "Integration",
            [
                "GatehouseTesting", "Octets", "Kit", "HTTP2", "Events", "Gateway", "Identity", "Token", "Admin",
                "Migrate", "CommandLineTool", arguments, nioCore, nioPosix, logging, httpTypes,
            ], exclude: ["otlp_receiver.py"]),
    ]
)
