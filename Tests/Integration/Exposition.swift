import FoundationEssentials
import GatehouseTesting

/// What a process shows at /metrics, read apart from the code that writes it.
struct Exposition {
    struct Family: Equatable {
        var type = ""
        var help = ""
        /// Every label of every series, but for a histogram's `le`, with its values.
        var labels: [String: Set<String>] = [:]
    }

    private(set) var families: [String: Family] = [:]
    private(set) var values: [String: Double] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                families[words[2], default: Family()].help = words.count > 3 ? words[3] : ""
            } else if line.hasPrefix("# TYPE ") {
                families[words[2], default: Family()].type = words[3]
            } else {
                takeSample(line)
            }
        }
    }

    /// The value of a series, written as it stands there.
    subscript(_ series: String) -> Double? { values[series] }

    private mutating func takeSample(_ line: Substring) {
        guard let end = line.lastIndex(of: " ") else { return }
        values[String(line[..<end])] = Double(line[end...].dropFirst())
        let name = String(line.prefix { $0 != "{" && $0 != " " })
        guard let family = family(of: name) else { return }
        for match in line.matches(of: /(\w+)="((?:[^"\\]|\\.)*)"/) where match.1 != "le" {
            families[family]?.labels[String(match.1), default: []].insert(String(match.2))
        }
    }

    /// The family of a name, which for a histogram's parts is the one without the suffix.
    func family(of name: String) -> String? {
        if families[name] != nil { return name }
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let base = String(name.dropLast(suffix.count))
            if families[base]?.type == "histogram" { return base }
        }
        return nil
    }
}

extension RunningSuite {
    /// What each of the four processes shows now.
    func expositions() throws -> [String: Exposition] {
        let settings = [
            "gateway": "PORT_OPS", "identity": "PORT_IDENTITY", "token": "PORT_TOKEN", "admin": "PORT_ADMIN",
        ]
        return try settings.mapValues { name in
            let process = PlainHTTP(port: self.ports[name] ?? 0)
            return Exposition(try process.send("GET", "/metrics").body)
        }
    }
}
