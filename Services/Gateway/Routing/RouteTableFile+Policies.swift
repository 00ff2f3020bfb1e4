import Kit
import Limits

/// The policies of a route table, and the limits by which routes name them.
extension RouteTableFile {
    static func policies(_ value: JSONValue?) throws(Fault) -> [String: RatePolicy] {
        guard case .object(let members)? = value else { return [:] }
        var policies: [String: RatePolicy] = [:]
        for member in members {
            let place = "policies.\(member.name)"
            try refuseUnknown(member.value, place, ["quota", "window_seconds", "burst", "kind"])
            guard
                let kind = ["strict": RatePolicy.Kind.strict, "leased": .leased][
                    member.value["kind"]?.string ?? "strict"]
            else { throw Fault(description: "\(place).kind must be strict or leased") }
            let quota = try number(member.value, "quota", place, 1...1_000_000_000, otherwise: 0)
            let window = try number(member.value, "window_seconds", place, 1...31_622_400, otherwise: 60)
            let burst =
                member.value["burst"] == nil
                ? nil : try number(member.value, "burst", place, 1...1_000_000_000, otherwise: 1)
            do throws(RatePolicy.Flaw) {
                policies[member.name] = try RatePolicy(
                    member.name, quota: quota, per: .seconds(window), burst: burst, kind: kind)
            } catch {
                throw Fault(description: "\(place) can't be: \(error)")
            }
        }
        return policies
    }

    func limits(
        _ value: JSONValue?, _ place: String, _ authentication: RouteTable.Authentication
    ) throws(Fault) -> [RouteTable.Limit] {
        var limits: [RouteTable.Limit] = []
        for (index, entry) in Self.entries(value).enumerated() {
            let place = "\(place).limits[\(index)]"
            try Self.refuseUnknown(entry, place, ["policy", "by"])
            guard let policy = policies[try Self.text(entry, "policy", place)] else {
                throw Fault(
                    description: "\(place).policy must be one of \(policies.keys.sorted().joined(separator: ", "))")
            }
            guard let key = RouteTable.Limit.Key(rawValue: try Self.text(entry, "by", place)) else {
                let keys = RouteTable.Limit.Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw Fault(description: "\(place).by must be one of \(keys)")
            }
            guard !key.needsToken || authentication == .required else {
                throw Fault(description: "\(place).by is \(key.rawValue), which is known only where auth is required")
            }
            limits.append(RouteTable.Limit(policy: policy, key: key))
        }
        return limits
    }
}
