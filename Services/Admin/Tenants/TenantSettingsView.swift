import Domain
import Kit

/// A tenant's settings as they hold, with the defaults where it decided nothing for itself.
struct TenantSettingsView: ResponseContent {
    let settings: TenantSettings

    static let example = TenantSettingsView(settings: TenantSettings())

    func write(to fields: inout some FieldSink) {
        for key in TenantSettings.CodingKeys.allCases {
            let name = key.rawValue
            switch key {
            case .registration: fields.field(name, settings.registration.rawValue)
            case .registrationDomains: fields.field(name, settings.registrationDomains)
            case .concealsRegistration: fields.field(name, settings.concealsRegistration)
            case .loginNeedsVerifiedEmail: fields.field(name, settings.loginNeedsVerifiedEmail)
            case .accessTokenLifetime: fields.field(name, Int(settings.accessTokenLifetime.components.seconds))
            case .sessionIdleLifetime: fields.field(name, Int(settings.sessionIdleLifetime.components.seconds))
            case .sessionLifetime: fields.field(name, Int(settings.sessionLifetime.components.seconds))
            case .maximumSessions: fields.field(name, settings.maximumSessions)
            case .passwordMinimumLength: fields.field(name, settings.passwordMinimumLength)
            case .passwordClasses: fields.field(name, settings.passwordClasses)
            case .passwordHistory: fields.field(name, settings.passwordHistory)
            case .signingAlgorithm: fields.field(name, settings.signingAlgorithm)
            case .origins: fields.field(name, settings.origins)
            }
        }
    }
}
