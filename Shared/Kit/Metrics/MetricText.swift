/// Names, labels and numbers in the form of the Prometheus text format 0.0.4.
enum MetricText {
    /// No label's value is longer, in bytes.
    static let maximumLabelBytes = 256

    /// A metric's name: letters, digits, `_` and `:`, all else made `_`; a digit may not come first.
    static func name(_ label: String) -> String {
        sanitized(label, colon: true)
    }

    /// The name with the unit or kind at its end that the format's conventions want.
    static func name(_ label: String, suffix: String) -> String {
        let name = name(label)
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    /// Labels in the order of their names, `a="x",b="y"`. Of two with one name the first is kept.
    static func labels(_ dimensions: [(String, String)], isHistogram: Bool = false) -> String {
        var pairs: [(name: String, value: String)] = []
        for (name, value) in dimensions {
            let name = labelName(name, isHistogram: isHistogram)
            if !pairs.contains(where: { $0.name == name }) { pairs.append((name, value)) }
        }
        pairs.sort { $0.name < $1.name }
        return pairs.map { "\($0.name)=\"\(escapedLabel($0.value))\"" }.joined(separator: ",")
    }

    /// A label's name: two leading underscores are the server's own, and `le` is the histogram's.
    private static func labelName(_ label: String, isHistogram: Bool) -> String {
        var name = sanitized(label, colon: false)
        while name.hasPrefix("__") { name.removeFirst() }
        return isHistogram && name == "le" ? "exported_le" : name
    }

    private static func sanitized(_ label: String, colon: Bool) -> String {
        var name = ""
        for (index, scalar) in label.unicodeScalars.enumerated() {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": name.unicodeScalars.append(scalar)
            case "0"..."9":
                if index == 0 { name += "_" }
                name.unicodeScalars.append(scalar)
            case ":" where colon: name += ":"
            default: name += "_"
            }
        }
        return name.isEmpty ? "_" : name
    }

    private static func escapedLabel(_ value: String) -> String {
        var escaped = ""
        var length = 0
        for scalar in value.unicodeScalars {
            length += UTF8.width(scalar)
            guard length <= maximumLabelBytes else { break }
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A help text on one line.
    static func help(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\u{00}"..."\u{1F}", "\u{7F}": escaped += " "
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A number, whole ones without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Beyond 2^53 a Double no longer tells one whole number from the next.
        if value == value.rounded(), abs(value) <= 9_007_199_254_740_992 { return String(Int64(value)) }
        return String(value)
    }
}
