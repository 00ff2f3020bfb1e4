import Domain
import HTTPTypes
import Kit

/// Makes, replaces, changes and removes users.
struct UserEndpoints {
    let acts: UserActs
    let maker: UserMaker

    var endpoints: [Operation] {
        let (acts, maker) = (acts, maker)
        return [
            Route(
                .post, "/api/v1/admin/users", id: "makeUser", tag: "admin",
                summary: "Make a user, with a password or with a mail that leads to one (`invite`)",
                access: .permission(.usersWrite)
            )
            .problem(.conflict, "email_taken, username_taken")
            .idempotent()
            .respond(NewUser.self, answer: ManagedUser.self, status: .created) { call, new in
                try await maker.make(call, new)
            },
            Route(
                .put, "/api/v1/admin/users/{id}", id: "replaceUser", tag: "admin",
                summary: "Replace a user's names, address and state; what is left out is taken away",
                access: .permission(.usersWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "email_taken, username_taken, last_superuser")
            .conditional()
            .handle(UserContent.self) { call, content in
                try await acts.change(UserTarget(call), UserChange(content))
            },
            Route(
                .patch, "/api/v1/admin/users/{id}", id: "changeUser", tag: "admin",
                summary: "Change a user; disabling one ends their sessions and tokens",
                access: .permission(.usersWrite)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "email_taken, username_taken, last_superuser")
            .conditional()
            .handle(UserChange.self) { call, change in try await acts.change(UserTarget(call), change) },
            Route(
                .delete, "/api/v1/admin/users/{id}", id: "removeUser", tag: "admin", summary: "Remove a user",
                access: .permission(.usersDelete)
            )
            .problem(.notFound, "not_found")
            .problem(.conflict, "last_superuser, last_owner")
            .conditional()
            .perform { call in try await acts.remove(UserTarget(call)) },
        ]
    }
}
