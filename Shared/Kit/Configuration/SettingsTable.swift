/// The table of settings in the manual, made from the declarations that the process reads.
public enum SettingsTable {
    /// A markdown table: name, default, meaning, whether it is secret.
    public static func markdown(_ settings: [any SettingDeclaration]) -> String {
        var rows = ["| Setting | Default | Meaning | Secret |", "|---|---|---|---|"]
        for setting in settings {
            let initial =
                switch (setting.defaultText, setting.isRequired) {
                case (.some(""), _): "empty"
                case (.some(let text), _): setting.isSecret ? Secret.redacted : "`\(cell(text))`"
                case (nil, true): "required"
                case (nil, false): "–"
                }
            let summary = setting.summary.hasSuffix(".") ? setting.summary : setting.summary + "."
            let meaning = "\(cell(summary)) Has to be \(cell(setting.expectation))."
            rows.append("| `\(setting.name)` | \(initial) | \(meaning) | \(setting.isSecret ? "yes" : "") |")
        }
        return rows.joined(separator: "\n") + "\n"
    }

    private static func cell(_ text: String) -> String {
        var cell = ""
        for character in text {
            switch character {
            case "|": cell += "\\|"
            case "\n", "\r\n": cell += " "
            default: cell.append(character)
            }
        }
        return cell
    }
}
