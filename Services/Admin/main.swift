import Kit
import Postgres

await ServiceProcess(name: "admin", port: AdminSettings.port, settings: AdminSettings.all) { context in
    let upkeep = PartitionUpkeep(
        postgres: context.postgres, eventRetention: context.values[AdminSettings.eventRetention],
        historyRetention: context.values[AdminSettings.historyRetention], logger: context.logger)
    return ProcessParts(
        endpoints: [StatisticsEndpoint(postgres: context.postgres).endpoint], services: [upkeep],
        prepare: { try await context.postgres.whenReady() })
}.main()
