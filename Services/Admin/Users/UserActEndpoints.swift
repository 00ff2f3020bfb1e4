import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Postgres

/// The routes that do something to a user by a word.
struct UserActEndpoints {
    let acts: UserActs

    var endpoints: [Operation] {
        [
            endpoint(
                .unlock, "unlock", id: "unlockUser",
                "Let a user sign in again: takes off a lock and forgets failed logins"),
            endpoint(
                .lock, "lock", id: "lockUser", "End a user's sessions and refuse their logins until they are unlocked",
                conflicts: "own_account, last_superuser"),
            endpoint(
                .forcePasswordReset, "force-password-reset", id: "forcePasswordReset",
                "End a user's sessions, and refuse the password until another is chosen by the mail that is sent",
                conflicts: "no_email, last_superuser"),
            endpoint(
                .verifyEmail, "verify-email", id: "verifyUserEmail", "Take a user's e-mail address as proven",
                refusals: "validation_failed"),
        ]
    }

    private func endpoint(
        _ act: UserAct, _ word: String, id: String, _ summary: String, conflicts: String? = nil,
        refusals: String? = nil
    ) -> Operation {
        let acts = acts
        var route = Route(
            .post, "/api/v1/admin/users/{id}/\(word)", id: id, tag: "admin", summary: summary,
            access: .permission(act.permission)
        )
        .problem(.notFound, "not_found")
        if let conflicts { route = route.problem(.conflict, conflicts) }
        if let refusals { route = route.problem(.unprocessableContent, refusals) }
        return route.perform { call in try await acts.perform(act, on: UserTarget(call)) }
    }
}
