import Directory
import Domain
import Events
import FoundationEssentials
import Kit
import Logging
import Mail
import Passwords
import ServiceLifecycle

await ServiceProcess(name: "identity", port: IdentitySettings.port, settings: IdentitySettings.all) { context in
    let (values, postgres) = (context.values, context.postgres)
    let transport = try MailSettings.transport(values)
    let blocked = try IdentitySettings.blockedPasswords(values, logger: context.logger)
    let tenants = TenantDirectory(postgres: postgres)
    let revocations = RevocationSet(lifetime: TenantSettings.longestAccessTokenLifetime)
    let refresher = DirectoryRefresher([.tenantChanged], logger: context.logger) { try await tenants.load($0) }
    context.metrics.observeGauge("gatehouse_revocations") { Double(revocations.count) }
    let liveness = EventLiveness()
    let profiles = ProfileCache(capacity: values[IdentitySettings.profileCacheSize]) { liveness.isLive }
    profiles.show(in: context.metrics)
    let eventCodec = EndedSessionCodec(key: context.internalKey.derive(EndedSessionCodec.purpose))
    let feed = EventFeed(
        postgres: postgres, redis: context.redis, codec: eventCodec,
        lookback: TenantSettings.longestAccessTokenLifetime, logger: context.logger,
        handlers: [refresher.apply, revocations.apply, { profiles.apply($0) }],
        forgettings: [refresher.request, revocations.forgetEpochs, { profiles.forgetAll() }], liveness: liveness,
        executor: context.eventExecutor)
    let publisher = EventPublisher(redis: context.redis, codec: eventCodec)
    let upstream = try await context.upstream("token", values[IdentitySettings.tokenUpstreams])
    let workers = values[IdentitySettings.hashWorkers]
    let hasher = PasswordHasher(workers: workers == 0 ? Cores.available : workers)
    let intake = PasswordIntake(postgres: postgres, hasher: hasher, blocked: blocked)
    let lockout = Lockout(failuresPerAddress: values[IdentitySettings.failuresPerAddress])
    let proof = PasswordProof(postgres: postgres, hasher: hasher, lockout: lockout)
    let superuser = FirstSuperuser(
        email: values[IdentitySettings.superuserEmail], password: values[IdentitySettings.superuserPassword],
        postgres: postgres, tenants: tenants, intake: intake, logger: context.logger)
    let signIn = SignIn(
        postgres: postgres, tenants: tenants, hasher: hasher, lockout: lockout,
        token: InternalClient(upstream: upstream, key: context.internalKey))
    let publicURL = values[CommonSettings.publicURL]

    var endpoints: [Operation] = []
    endpoints.append(RegistrationEndpoint(postgres: postgres, tenants: tenants, intake: intake).endpoint)
    endpoints.append(PasswordHashEndpoint(tenants: tenants, intake: intake).endpoint)
    endpoints += LoginEndpoints(signIn: signIn, isSecure: publicURL.isSecure).endpoints
    endpoints += VerificationEndpoints(postgres: postgres, publisher: publisher, profiles: profiles).endpoints
    endpoints +=
        RecoveryEndpoints(
            postgres: postgres, tenants: tenants, intake: intake, publisher: publisher, profiles: profiles
        ).endpoints
    endpoints.append(
        ChangePasswordEndpoint(
            postgres: postgres, tenants: tenants, proof: proof, intake: intake, publisher: publisher,
            isSecure: publicURL.isSecure
        ).endpoint)
    endpoints += ProfileEndpoints(postgres: postgres, proof: proof, publisher: publisher, cache: profiles).endpoints
    endpoints.append(ActivityEndpoint(postgres: postgres).endpoint)
    let changes = OrganizationChanger(
        postgres: postgres, publisher: publisher, keys: IdempotencyKeys(sealedUnder: context.internalKey),
        profiles: profiles)
    endpoints += OrganizationEndpoints(postgres: postgres, changes: changes).endpoints
    endpoints += MemberEndpoints(postgres: postgres, changes: changes).endpoints
    endpoints += CustomRoleEndpoints(postgres: postgres, changes: changes).endpoints
    endpoints += InvitationEndpoints(postgres: postgres, changes: changes).endpoints
    endpoints += InvitationAnswerEndpoints(postgres: postgres, publisher: publisher, profiles: profiles).endpoints

    var services: [any Service] = [refresher, feed, upstream]
    if let transport {
        let texts = MailTexts(
            publicURL: publicURL.text, verifyPage: values[MailSettings.verifyPage]?.text,
            resetPage: values[MailSettings.resetPage]?.text,
            invitationPage: values[MailSettings.invitationPage]?.text)
        services.append(
            MailSender(
                postgres: postgres, tenants: tenants, texts: texts, transport: transport, logger: context.logger))
    } else {
        context.logger.warning("mail is kept and not sent: SMTP_URL is not set")
    }
    return ProcessParts(
        endpoints: endpoints, services: services,
        checks: [
            Health.Check("token") { await upstream.isReachable() ? .ok : .degraded("no instance can be reached") }
        ],
        isRevoked: revocations.refuses,
        prepare: {
            try await tenants.load()
            try await superuser.ensure()
            guard feed.isCurrent else { throw NotYet(reason: "events are not read yet") }
        })
}.main()
