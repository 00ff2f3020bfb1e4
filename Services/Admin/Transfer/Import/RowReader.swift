import Kit

/// Reads the records of an import: JSON objects, or cells under the columns that the first record names.
struct RowReader {
    private let format: TransferFormat
    private var columns: [String] = []

    init(_ format: TransferFormat) {
        self.format = format
    }

    /// Whether the next record names the columns.
    var expectsColumns: Bool { format == .csv && columns.isEmpty }

    /// Takes the record that names the columns.
    /// - Throws: `Problem.validation`: without its columns, nothing of the file can be understood.
    mutating func readColumns(_ record: RawRecord) throws(Problem) {
        guard record.fault == nil, let names = try? CSV.cells(record.bytes) else {
            throw Self.refusal("malformed", "the first line must name the columns")
        }
        let known = TransferFormat.fields.joined(separator: ", ")
        for (index, name) in names.enumerated() {
            if name == "password" { throw Self.refusal(Self.plain.code, Self.plain.detail) }
            guard TransferFormat.fields.contains(name) else {
                throw Self.refusal("unknown_column", "column \(index + 1) is none of \(known)")
            }
        }
        guard Set(names).count == names.count else { throw Self.refusal("repeated_column", "a column stands twice") }
        columns = names
    }

    /// What a record says, or what is wrong with it.
    func read(_ record: RawRecord) -> Result<ImportRow, RowFaults> {
        if let fault = record.fault {
            let detail =
                fault == .tooLong ? "must have at most \(RecordCutter.longest) bytes" : "a quotation mark is not closed"
            return .failure(.init(fault.rawValue, detail))
        }
        do {
            let members = format == .csv ? try cells(record.bytes) : try object(record.bytes)
            return .success(try FieldReader.content(ImportRow.self, from: members))
        } catch let faults as RowFaults {
            return .failure(faults)
        } catch let problem as Problem {
            return .failure(.init(errors: problem.errors))
        } catch {
            return .failure(.init("malformed", "can't be read"))
        }
    }

    private func object(_ bytes: [UInt8]) throws -> [JSONValue.Member] {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(bytes, maximumDepth: 8)
        } catch {
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw RowFaults("invalid_utf8", "is not UTF-8")
            }
            throw RowFaults("malformed", "is not JSON: \(error.reason), at byte \(error.offset)")
        }
        guard case .object(let members) = value else { throw RowFaults("malformed", "must be a JSON object") }
        if members.contains(where: { $0.name == "password" }) { throw Self.plain }
        guard members.allSatisfy({ TransferFormat.fields.contains($0.name) }) else {
            let known = TransferFormat.fields.joined(separator: ", ")
            throw RowFaults("unknown_field", "has a member that is none of \(known)")
        }
        return members
    }

    private func cells(_ bytes: [UInt8]) throws -> [JSONValue.Member] {
        let cells: [String]
        do throws(CSV.Fault) {
            cells = try CSV.cells(bytes)
        } catch {
            throw RowFaults(
                error.rawValue, error == .notUTF8 ? "is not UTF-8" : "a quotation mark is where none may be")
        }
        guard cells.count == columns.count else {
            throw RowFaults("wrong_cell_count", "has \(cells.count) cells under \(columns.count) columns")
        }
        return zip(columns, cells).compactMap { column, cell in
            guard !cell.isEmpty else { return nil }
            let text = FormulaGuard.unguarded(cell)
            guard column == "roles" else { return .init(column, .string(text)) }
            return .init(column, .array(CSV.members(of: text).map { .string($0) }))
        }
    }

    private static let plain = RowFaults(
        "plain_password", "passwords come as password_hash; users without one get theirs by a reset")

    private static func refusal(_ code: String, _ detail: String) -> Problem {
        .validation([.init(field: "columns", code: code, detail: detail)])
    }
}

/// What is wrong with a row.
struct RowFaults: Error, Equatable {
    var errors: [Problem.FieldError]

    init(errors: [Problem.FieldError]) {
        self.errors = errors
    }

    /// A fault of the row as a whole.
    init(_ code: String, _ detail: String) {
        errors = [.init(pointer: "", code: code, detail: detail)]
    }

    /// A fault of one field.
    init(field: String, _ code: String, _ detail: String) {
        errors = [.init(field: field, code: code, detail: detail)]
    }

    var code: String { errors.first?.code ?? "" }
    var detail: String { errors.first?.detail ?? "" }
}
