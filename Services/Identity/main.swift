import Directory
import Events
import Kit
import Passwords

await ServiceProcess(name: "identity", port: IdentitySettings.port, settings: IdentitySettings.all) { context in
    let values = context.values
    let tenants = TenantDirectory(postgres: context.postgres)
    let refresher = DirectoryRefresher([.tenantChanged], logger: context.logger) { try await tenants.load() }
    let feed = EventFeed(
        postgres: context.postgres, redis: context.redis, lookback: .seconds(60), logger: context.logger,
        handlers: [refresher.apply])
    let upstream = try await context.upstream("token", values[IdentitySettings.tokenUpstreams])
    let token = InternalClient(upstream: upstream, key: context.internalKey)
    let workers = values[IdentitySettings.hashWorkers]
    let hasher = PasswordHasher(workers: workers == 0 ? nil : workers)
    let superuser = FirstSuperuser(
        email: values[IdentitySettings.superuserEmail], password: values[IdentitySettings.superuserPassword],
        postgres: context.postgres, hasher: hasher, logger: context.logger)

    let registration = RegistrationEndpoint(
        postgres: context.postgres, tenants: tenants, hasher: hasher, policy: PasswordPolicy())
    let login = LoginEndpoint(postgres: context.postgres, tenants: tenants, hasher: hasher, token: token)
    return ProcessParts(
        endpoints: [registration.endpoint, login.endpoint] + ProfileEndpoints(postgres: context.postgres).endpoints,
        services: [refresher, feed, upstream],
        checks: [
            Health.Check("token") { await upstream.isReachable() ? .ok : .degraded("no instance can be reached") }
        ],
        prepare: {
            try await tenants.load()
            try await superuser.ensure()
        })
}.main()
