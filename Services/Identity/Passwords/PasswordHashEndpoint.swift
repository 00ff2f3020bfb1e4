import Directory
import HTTPTypes
import Kit

/// Judges and hashes a password for admin, which makes a user with it.
struct PasswordHashEndpoint {
    let tenants: TenantDirectory
    let intake: PasswordIntake

    var endpoint: Operation {
        let this = self
        return Route(
            .post, PasswordToHash.path, id: "hashPassword", tag: "internal", summary: "Judge and hash a password",
            access: .processes
        )
        .handle(PasswordToHash.self) { call, input in
            guard let tenant = input.newTenant?.tenant(call.tenant) ?? this.tenants.tenant(call.tenant) else {
                throw Problem.notFound
            }
            let owner = PasswordIntake.Owner(email: input.email, username: input.username)
            return HashedPassword(
                text: try await this.intake.take(input.password, field: "password", for: owner, of: tenant))
        }
    }
}
