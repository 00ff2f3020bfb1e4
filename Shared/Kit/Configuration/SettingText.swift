/// Texts of settings, as problems and tables show them.
enum SettingText {
    /// The text on one line and not longer than `limit` characters: control and format characters as `\u{1b}`.
    static func shown(_ text: String, limit: Int = 80) -> String {
        var shown = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == limit { return shown + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Takes off a pair of equal quotes around the text.
    static func unquoted(_ text: String) -> String {
        guard text.utf8.count >= 2, let first = text.utf8.first, first == text.utf8.last,
            first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        else { return text }
        return String(text.dropFirst().dropLast())
    }

    /// The known name that a misspelt one was probably meant to be, with or without the prefix.
    static func nearest(to name: String, among known: Set<String>, prefix: String) -> String? {
        let spellings = [name, String(name.dropFirst(prefix.count))]
        var best: (name: String, distance: Int)?
        for candidate in known.sorted() {
            for spelling in spellings where !spelling.isEmpty {
                let distance = editDistance(spelling, candidate)
                if distance <= max(1, candidate.utf8.count / 4), distance < best?.distance ?? .max {
                    best = (candidate, distance)
                }
            }
        }
        return best?.name
    }

    /// How many insertions, deletions and replacements of a byte make one text the other (Levenshtein).
    static func editDistance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (byte == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}

extension StringProtocol {
    /// The text without white space at its ends.
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
