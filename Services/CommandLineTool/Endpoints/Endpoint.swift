import ArgumentParser
import Kit

/// A route of the API as a command: what a new route costs is one of these.
protocol Endpoint: Sendable {
    /// What the path's placeholder is filled with.
    associatedtype Target: EndpointTarget = NoTarget
    /// The options that go into the query or the body.
    associatedtype Fields: EndpointFields = NoFields

    /// The word that calls it.
    static var name: String { get }
    /// What it does, in a line.
    static var abstract: String { get }
    /// The path, with `{id}` for what the target fills in.
    static var path: String { get }
}

/// A route that answers with a list.
protocol ListEndpoint: Endpoint {
    /// The member that holds the elements.
    static var member: String { get }
    /// What people see of each.
    static var columns: [Column] { get }
}

/// A route that shows or does something.
protocol ActEndpoint: Endpoint {
    static var method: String { get }
    /// Whether the options go into the query instead of a body.
    static var asksByQuery: Bool { get }
    /// What is said once it is done, where the answer has no body.
    static var done: String { get }
    /// What a person is asked before; nil for what takes nothing away.
    static var question: String? { get }
    /// The list that the answer holds, where people should see it as one.
    static var list: (member: String, columns: [Column])? { get }
    /// What the answer says went wrong, although the request did not.
    static func trouble(in answer: JSONValue) -> String?
}

extension ActEndpoint {
    static var asksByQuery: Bool { false }
    static var done: String { "Done." }
    static var question: String? { nil }
    static var list: (member: String, columns: [Column])? { nil }

    static func trouble(in answer: JSONValue) -> String? { nil }
}

/// A command that goes by one route.
protocol RoutedCommand: ParsableCommand {
    /// The method and the path, as the API describes it.
    static var route: (method: String, path: String) { get }
}

/// What stands for a placeholder of a path.
protocol EndpointTarget: ParsableArguments {
    /// The path with its placeholder filled in.
    func path(_ template: String, _ client: APIClient) throws(Failure) -> String
    /// What a person calls it.
    var title: String? { get }
}

/// Paths without placeholders.
struct NoTarget: EndpointTarget {
    var title: String? { nil }

    func path(_ template: String, _ client: APIClient) throws(Failure) -> String { template }
}

/// Options that go into a query or a body.
protocol EndpointFields: ParsableArguments {
    /// The members, in the order of the options; nil for a request without a body.
    func members() throws(Failure) -> [JSONValue.Member]?
    /// Fields of the request's head.
    var headers: [(name: String, value: String)] { get }
}

extension EndpointFields {
    var headers: [(name: String, value: String)] { [] }
}

/// Requests that say nothing but their path.
struct NoFields: EndpointFields {
    func members() throws(Failure) -> [JSONValue.Member]? { nil }
}

extension [JSONValue.Member] {
    /// Adds a member where there is a value for it.
    mutating func add(_ name: String, _ text: String?) {
        if let text { append(.init(name, .string(text))) }
    }

    /// Adds a number where there is one.
    mutating func add(_ name: String, _ number: Int?) {
        if let number { append(.init(name, .number(String(number)))) }
    }

    /// The members as a query.
    var query: [(name: String, value: String)] {
        map { member in (member.name, member.value.string ?? JSONText.text(member.value)) }
    }

    /// Adds a list where it has elements.
    mutating func add(_ name: String, _ texts: [String]) {
        if !texts.isEmpty { append(.init(name, .array(texts.map { .string($0) }))) }
    }

    /// Adds a member that is true.
    mutating func add(_ name: String, if isSet: Bool) {
        if isSet { append(.init(name, .bool(true))) }
    }
}
