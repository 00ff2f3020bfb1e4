import ArgumentParser
import FoundationEssentials

/// What every command takes that speaks to Gatehouse.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "Where Gatehouse is.")
    var url: String?
    @Option(help: "The tenant, by its slug or id.")
    var tenant: String?
    @Option(help: "Certificates to trust instead of the system's, a PEM file.", completion: .file())
    var caFile: String?
    @Flag(help: "Print what the API answered.")
    var json = false

    /// Where the command goes.
    func site() throws(Failure) -> Site {
        try Site(url: url, tenant: tenant, environment: ProcessInfo.processInfo.environment)
    }

    var transport: CurlTransport { CurlTransport(authorities: caFile) }

    /// Where answers are printed.
    var output: Output { Output(json: json) }

    /// The API in the name of whoever the environment or a login says.
    func client() throws(Failure) -> APIClient {
        let (site, transport) = (try site(), transport)
        return APIClient(site: site, transport: transport, credentials: try SessionCredentials.find(site, transport))
    }
}
