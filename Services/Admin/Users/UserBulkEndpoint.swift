import Domain
import FoundationEssentials
import HTTPTypes
import Kit
import Logging

/// One thing to do to many users.
struct BulkAct: RequestContent {
    let act: UserAct
    let ids: [UUID]

    /// The most users of one request.
    static let limit = 1000

    init(from fields: inout FieldReader) {
        let word = fields.required("action", .word(UserAct.allCases.map(\.rawValue)))
        act = UserAct(rawValue: word) ?? .unlock
        let texts = fields.required(
            "ids", .list(limit: Self.limit, "must be a UUID", code: "invalid_id") { UUID(canonical: $0) != nil })
        ids = texts.compactMap { UUID(canonical: $0) }
        if ids.isEmpty, !fields.isDescribing, !fields.hasFaults {
            fields.refuse("ids", FieldFault("required", "at least one must be given"))
        }
    }
}

/// What became of one user of a request.
struct BulkResult: ResponseContent {
    let id: UUID
    /// The code of the problem, or nil when it is done.
    let problem: String?
    let detail: String?

    static let example = BulkResult(
        id: UUID(high: 0x019a_a6b1_f3c2_7d00, low: 0x8a1b_2c3d_4e5f_6071), problem: nil, detail: nil)

    func write(to fields: inout some FieldSink) {
        fields.field("id", id)
        fields.field("outcome", problem == nil ? "done" : "refused")
        fields.member("code", ifAny: problem)
        fields.member("detail", ifAny: detail)
    }
}

/// What became of all, in the order of the request.
struct BulkResults: ResponseContent {
    let results: [BulkResult]

    static let example = BulkResults(results: [.example])

    func write(to fields: inout some FieldSink) {
        fields.field("done", results.count { $0.problem == nil })
        fields.field("refused", results.count { $0.problem != nil })
        fields.field("results", results)
    }
}

/// Does one thing to many users.
///
/// Each in a transaction of its own: a refused one undoes no other, and a request that broke off is sent again, because
/// nothing that is done a second time changes anything.
struct UserBulkEndpoint {
    let acts: UserActs

    var endpoint: Operation {
        let this = self
        return Route(
            .post, "/api/v1/admin/users/bulk", id: "changeUsers", tag: "admin",
            summary: "Do one thing to at most \(BulkAct.limit) users; `delete` also needs `users:delete`, `logout` "
                + "`sessions:revoke`",
            access: .permission(.usersWrite)
        )
        .handle(BulkAct.self) { call, bulk in
            let own = try await call.permissions()
            guard own.contains(bulk.act.permission) else {
                throw Problem.forbidden("This needs the permission \(bulk.act.permission.rawValue).")
            }
            var results: [BulkResult] = []
            for id in bulk.ids {
                results.append(
                    await this.perform(bulk.act, on: UserTarget(call: call, id: id, own: own, isAlone: false)))
            }
            return BulkResults(results: results)
        }
    }

    private func perform(_ act: UserAct, on target: UserTarget) async -> BulkResult {
        do {
            try target.call.requireStanding()
            try await acts.perform(act, on: target)
            return BulkResult(id: target.id, problem: nil, detail: nil)
        } catch {
            let problem = error as? Problem ?? (error as? any ProblemRepresentable)?.problem ?? .internalError
            if problem.status.code >= 500 {
                target.call.logger.warning(
                    "one of many not changed", metadata: ["user": "\(target.id.text)", "error": "\(error)"])
            }
            return BulkResult(id: target.id, problem: problem.code, detail: problem.detail ?? problem.title)
        }
    }
}
