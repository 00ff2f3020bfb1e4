import Directory
import Domain
import Events
import Kit
import Tokens

await ServiceProcess(name: "token", port: TokenSettings.port, settings: TokenSettings.all) { context in
    let values = context.values
    let (masterKey, accepted) = (values[MasterKeySettings.masterKey], values[MasterKeySettings.acceptedMasterKeys])
    guard values[TokenSettings.keyPublishAhead] < values[TokenSettings.keyRotation] else {
        throw ConfigurationProblems([
            ConfigurationProblem(TokenSettings.keyPublishAhead.name, "must be shorter than KEY_ROTATION")
        ])
    }
    let publicURL = values[CommonSettings.publicURL].text
    let postgres = context.postgres
    let eventCodec = EndedSessionCodec(key: context.internalKey.derive(EndedSessionCodec.purpose))
    let publisher = EventPublisher(redis: context.redis, codec: eventCodec)
    let tenants = TenantDirectory(postgres: postgres)
    let keys = KeyDirectory(postgres: postgres)
    let clients = ClientDirectory(postgres: postgres)
    let revocations = RevocationSet(lifetime: TenantSettings.longestAccessTokenLifetime)
    let introspections = IntrospectionCache()
    let tenantRefresher = DirectoryRefresher([.tenantChanged], logger: context.logger) { try await tenants.load($0) }
    let keyRefresher = DirectoryRefresher([.keysChanged, .tenantChanged], logger: context.logger) {
        try await keys.load($0)
    }
    let schedule = KeyPlan.Schedule(
        rotation: values[TokenSettings.keyRotation], publishAhead: values[TokenSettings.keyPublishAhead])
    let keyRotation = KeyRotation(
        postgres: postgres, vault: KeyVault(sealer: KeySealer(current: masterKey, previous: accepted)),
        schedule: schedule, publish: publisher.publish, metrics: KeyMetrics(schedule), logger: context.logger)
    let ring = SigningKeyRing(postgres: postgres, rotation: keyRotation)
    let keeper = KeyKeeper(
        postgres: postgres, tenants: tenants, rotation: keyRotation, masterKeyVersion: masterKey.version,
        logger: context.logger)
    context.metrics.observeGauge("gatehouse_revocations") { Double(revocations.count) }
    let feed = EventFeed(
        postgres: postgres, redis: context.redis, codec: eventCodec,
        lookback: TenantSettings.longestAccessTokenLifetime, logger: context.logger,
        handlers: [
            ring.apply, clients.apply, revocations.apply, introspections.apply, tenantRefresher.apply,
            keyRefresher.apply,
        ],
        forgettings: [
            ring.forget, clients.forget, revocations.forgetEpochs, introspections.forget, tenantRefresher.request,
            keyRefresher.request,
        ], executor: context.eventExecutor)
    let upstream = try await context.upstream("identity", values[TokenSettings.identityUpstreams])

    let codec = RefreshTokenCodec(current: masterKey, previous: accepted)
    let issuer = TokenIssuer(publicURL: publicURL, keys: ring, codec: codec)
    let rotation = Rotation(postgres: postgres, publisher: publisher)
    let authentication = ClientAuthentication(tenants: tenants, clients: clients)
    let reader = TokenReader(publicURL: publicURL, keys: keys, codec: codec)
    let grants: [any GrantType] = [
        RefreshTokenGrant(rotation: rotation, codec: codec, issuer: issuer),
        ClientCredentialsGrant(issuer: issuer),
        PasswordGrant(identity: InternalClient(upstream: upstream, key: context.internalKey)),
    ]

    var endpoints: [Operation] = []
    endpoints.append(
        SessionOpener(
            postgres: postgres, tenants: tenants, clients: clients, publisher: publisher, issuer: issuer
        ).endpoint)
    endpoints += SessionEndpoints(postgres: postgres, publisher: publisher, revocations: revocations).endpoints
    endpoints.append(
        RefreshEndpoint(
            tenants: tenants, clients: clients, rotation: rotation, codec: codec, issuer: issuer
        ).endpoint)
    endpoints.append(TokenEndpoint(authentication: authentication, clients: clients, grants: grants).endpoint)
    endpoints +=
        RevocationEndpoint(
            authentication: authentication, tenants: tenants, clients: clients, reader: reader,
            revocations: revocations,
            postgres: postgres, publisher: publisher
        ).endpoints
    endpoints.append(
        IntrospectionEndpoint(
            authentication: authentication, reader: reader, revocations: revocations, cache: introspections,
            clients: clients, postgres: postgres
        ).endpoint)
    endpoints.append(MetadataEndpoint(publicURL: publicURL, tenants: tenants, grants: grants.map(\.name)).endpoint)
    endpoints.append(KeySetEndpoint(keys: keys).endpoint)
    endpoints += KeyEndpoints(postgres: postgres, tenants: tenants, rotation: keyRotation).endpoints
    if values[CommonSettings.environment] == .development { endpoints.append(EchoEndpoint().endpoint) }
    return ProcessParts(
        endpoints: endpoints, services: [tenantRefresher, keyRefresher, feed, keeper, upstream],
        isRevoked: revocations.refuses,
        prepare: {
            try await tenants.load()
            if let tenant = tenants.tenant(DefaultTenant.id) { _ = try await ring.signer(for: tenant) }
            try await keys.load()
            guard feed.isCurrent else { throw NotYet(reason: "events are not read yet") }
        })
}.main()
