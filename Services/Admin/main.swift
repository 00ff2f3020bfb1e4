import Domain
import Events
import Kit
import Postgres
import Tokens

await ServiceProcess(
    name: "admin", port: AdminSettings.port, settings: AdminSettings.all, commands: [VerificationCommand.command]
) { context in
    let postgres = context.postgres
    let authenticator = RecordAuthenticator.audit(context.values)
    let sealer = AuditSealer(postgres: postgres, authenticator: authenticator)
    let seals = SealService(
        sealer: sealer, interval: context.values[AdminSettings.auditSealInterval], logger: context.logger)
    let upkeep = PartitionUpkeep(
        postgres: postgres, sealer: sealer, eventRetention: context.values[AdminSettings.eventRetention],
        historyRetention: context.values[AdminSettings.historyRetention], logger: context.logger)
    let revocations = RevocationSet(lifetime: TenantSettings.longestAccessTokenLifetime)
    context.metrics.observeGauge("gatehouse_revocations") { Double(revocations.count) }
    let eventCodec = EndedSessionCodec(key: context.internalKey.derive(EndedSessionCodec.purpose))
    let feed = EventFeed(
        postgres: postgres, redis: context.redis, codec: eventCodec,
        lookback: TenantSettings.longestAccessTokenLifetime, logger: context.logger, handlers: [revocations.apply],
        forgettings: [revocations.forgetEpochs], executor: context.eventExecutor)

    let upstream = try await context.upstream("identity", context.values[AdminSettings.identityUpstreams])

    let changes = ChangeRunner(
        postgres: postgres, publisher: EventPublisher(redis: context.redis, codec: eventCodec),
        keys: IdempotencyKeys(sealedUnder: context.internalKey))
    let users = UserChanger(changes: changes)
    let acts = UserActs(users: users)
    let passwords = PasswordHashing(identity: InternalClient(upstream: upstream, key: context.internalKey))
    let maker = UserMaker(changes: changes, passwords: passwords)
    var endpoints = [StatisticsEndpoint(postgres: postgres).endpoint]
    endpoints += UserListEndpoint(postgres: postgres).endpoints
    endpoints += UserEndpoints(acts: acts, maker: maker).endpoints
    endpoints.append(UserBulkEndpoint(acts: acts).endpoint)
    endpoints.append(UserRoleEndpoint(users: users).endpoint)
    endpoints += UserActEndpoints(acts: acts).endpoints
    endpoints += UserSessionEndpoints(postgres: postgres, acts: acts).endpoints
    endpoints += RoleEndpoints(postgres: postgres, roles: RoleChanger(changes: changes)).endpoints
    endpoints += PermissionEndpoints(postgres: postgres, changes: changes).endpoints
    endpoints.append(AuthorizationEndpoint(postgres: postgres).endpoint)
    endpoints += ClientEndpoints(postgres: postgres, registrar: ClientRegistrar(changes: changes)).endpoints
    endpoints +=
        TenantEndpoints(
            postgres: postgres, maker: TenantMaker(changes: changes, passwords: passwords),
            changer: TenantChanger(changes: changes)
        ).endpoints
    endpoints += MailTextEndpoints(postgres: postgres, changes: changes).endpoints
    endpoints += ImportEndpoints(changes: changes).endpoints
    endpoints.append(ExportEndpoint(postgres: postgres).endpoint)
    endpoints += AuditEndpoints(postgres: postgres).endpoints
    let verifier = AuditVerifier(postgres: postgres, authenticator: authenticator)
    endpoints.append(VerificationEndpoint(verifier: verifier).endpoint)
    let removal = TenantRemoval(postgres: postgres, publisher: changes.publisher, logger: context.logger)
    return ProcessParts(
        endpoints: endpoints,
        services: [
            feed, upkeep, removal, seals, upstream, BacklogWatch(postgres: postgres, logger: context.logger),
        ],
        checks: [
            Health.Check("identity") { await upstream.isReachable() ? .ok : .degraded("no instance can be reached") }
        ],
        isRevoked: revocations.refuses,
        prepare: {
            try await postgres.whenReady()
            guard feed.isCurrent else { throw NotYet(reason: "events are not read yet") }
        })
}.main()
