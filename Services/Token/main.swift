import Directory
import Domain
import Events
import Kit
import Tokens

await ServiceProcess(name: "token", port: TokenSettings.port, settings: TokenSettings.all) { context in
    let values = context.values
    let masterKey = try MasterKey(bytes: values[TokenSettings.masterKey].revealBytes())
    let tenants = TenantDirectory(postgres: context.postgres)
    let keys = KeyDirectory(postgres: context.postgres)
    let tenantRefresher = DirectoryRefresher([.tenantChanged], logger: context.logger) { try await tenants.load() }
    let keyRefresher = DirectoryRefresher([.keysChanged], logger: context.logger) { try await keys.load() }
    let publisher = EventPublisher(redis: context.redis)
    let ring = SigningKeyRing(
        postgres: context.postgres, sealer: KeySealer(current: masterKey), logger: context.logger,
        publish: publisher.publish)
    let feed = EventFeed(
        postgres: context.postgres, redis: context.redis, lookback: .seconds(60), logger: context.logger,
        handlers: [ring.apply, tenantRefresher.apply, keyRefresher.apply])

    let codec = RefreshTokenCodec(current: masterKey)
    let issuer = TokenIssuer(publicURL: values[CommonSettings.publicURL].text, keys: ring, codec: codec)
    let sessions = SessionEndpoints(postgres: context.postgres, tenants: tenants, publisher: publisher, issuer: issuer)
    let rotation = Rotation(postgres: context.postgres, publisher: publisher)
    let refresh = RefreshEndpoint(tenants: tenants, rotation: rotation, codec: codec, issuer: issuer)
    var endpoints = sessions.endpoints + [refresh.endpoint, KeySetEndpoint(keys: keys).endpoint]
    if values[CommonSettings.environment] == .development { endpoints.append(EchoEndpoint().endpoint) }
    return ProcessParts(
        endpoints: endpoints, services: [tenantRefresher, keyRefresher, feed],
        prepare: {
            try await tenants.load()
            if let tenant = tenants.tenant(DefaultTenant.id) { _ = try await ring.signer(for: tenant) }
            try await keys.load()
        })
}.main()
