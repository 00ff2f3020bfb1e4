/// One record of a file, not read yet.
struct RawRecord: Equatable {
    /// Why a record has no bytes to read.
    enum Fault: String {
        /// It is longer than a record may be.
        case tooLong = "too_long"
        /// A quotation mark is never closed.
        case badQuoting = "bad_quoting"
    }

    /// The lines it begins and ends on, counted from 1.
    let line: Int64
    let lastLine: Int64
    let bytes: [UInt8]
    var fault: Fault?
}

/// Cuts a file into records as it comes: lines, or for CSV what ends with a line outside quotation marks. One that can't
/// be cut costs its first line and none of the others.
struct RecordCutter {
    /// Bytes of a record.
    static let longest = 64 << 10

    /// Where within a CSV record the scan is.
    private enum Quotes {
        case fieldStart
        case outside
        case inside
        /// Behind a mark that ends the field, or begins a doubled one.
        case closing
    }

    private let isCSV: Bool
    private var pending: [UInt8] = []
    private var begin = 0
    private var index = 0
    private var line: Int64 = 1
    private var innerLines: Int64 = 0
    private var quotes = Quotes.fieldStart
    /// Whether the rest of a line that is too long is passed over.
    private var isSkipping = false
    private var cut: [RawRecord] = []

    init(_ format: TransferFormat) {
        isCSV = format == .csv
    }

    /// Takes bytes in; returns the records that are whole now.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [RawRecord] {
        pending.append(contentsOf: bytes)
        scan()
        pending.removeFirst(begin)
        index -= begin
        begin = 0
        defer { cut = [] }
        return cut
    }

    /// The file ends here; returns what is left.
    mutating func finish() -> [RawRecord] {
        while isCSV, quotes == .inside, begin < pending.count {
            refuse(.badQuoting)
            scan()
        }
        if !isSkipping, begin < pending.count { emit(upTo: pending.count) }
        defer { cut = [] }
        return cut
    }

    private mutating func scan() {
        while index < pending.count {
            let byte = pending[index]
            index += 1
            if isSkipping {
                begin = index
                if byte == UInt8(ascii: "\n") {
                    isSkipping = false
                    line += 1
                }
                continue
            }
            if isCSV { follow(byte) }
            if byte == UInt8(ascii: "\n") {
                if quotes == .inside { innerLines += 1 } else { emit(upTo: index - 1) }
            } else if index - begin > Self.longest {
                refuse(quotes == .inside && innerLines > 0 ? .badQuoting : .tooLong)
            }
        }
    }

    private mutating func follow(_ byte: UInt8) {
        let isMark = byte == UInt8(ascii: "\"")
        switch quotes {
        case .inside: if isMark { quotes = .closing }
        case .fieldStart where isMark, .closing where isMark: quotes = .inside
        case .fieldStart, .outside, .closing: quotes = byte == UInt8(ascii: ",") ? .fieldStart : .outside
        }
    }

    private mutating func emit(upTo end: Int) {
        var bytes = pending[begin..<end]
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        // Spreadsheets begin a file with a byte order mark.
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if !bytes.isEmpty { cut.append(.init(line: line, lastLine: line + innerLines, bytes: Array(bytes))) }
        line += innerLines + 1
        next(at: index)
    }

    /// Gives up the present record, but only its first line: a mark too many must not swallow what follows.
    private mutating func refuse(_ fault: RawRecord.Fault) {
        cut.append(.init(line: line, lastLine: line, bytes: [], fault: fault))
        if let end = pending[begin...].firstIndex(of: UInt8(ascii: "\n")) {
            line += 1
            next(at: end + 1)
            index = end + 1
        } else {
            isSkipping = true
            next(at: pending.count)
            index = pending.count
        }
    }

    private mutating func next(at start: Int) {
        begin = start
        innerLines = 0
        quotes = .fieldStart
    }
}
