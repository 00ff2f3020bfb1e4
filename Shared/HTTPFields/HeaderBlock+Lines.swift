import Octets

extension HeaderBlock {
    /// Where a field stands among the bytes of a message, as offsets.
    package struct Line: Sendable {
        fileprivate let nameStart: UInt32
        fileprivate let nameEnd: UInt32
        fileprivate let valueStart: UInt32
        fileprivate let valueEnd: UInt32

        @inline(__always)
        package init(name: Range<Int>, value: Range<Int>) {
            nameStart = UInt32(truncatingIfNeeded: name.lowerBound)
            nameEnd = UInt32(truncatingIfNeeded: name.upperBound)
            valueStart = UInt32(truncatingIfNeeded: value.lowerBound)
            valueEnd = UInt32(truncatingIfNeeded: value.upperBound)
        }

        fileprivate var nameLength: Int { Int(nameEnd &- nameStart) }
        fileprivate var valueLength: Int { Int(valueEnd &- valueStart) }
    }

    /// A block of the fields that stand at `lines`, with the ASCII letters of their names in lower case.
    ///
    /// Unsafe as every request passes here: all bytes go into one allocation, names eight at a time. The offsets have to
    /// be within `message`, which has to be shorter than 4 GiB, and no name may be longer than 65,535 bytes.
    package init(lowercasing message: UnsafeRawBufferPointer, at lines: [Line]) {
        var total = Lengths.size &* lines.count
        for line in lines { total &+= line.nameLength &+ line.valueLength }
        self = .empty
        count = lines.count
        bytes = [UInt8](unsafeUninitializedCapacity: total) { buffer, written in
            let store = UnsafeMutableRawBufferPointer(buffer)
            var start = 0
            for line in lines {
                let (name, value) = (line.nameLength, line.valueLength)
                guard let lengths = Lengths(name: name, value: value, isUnindexed: false) else {
                    preconditionFailure("a name of \(name) bytes")
                }
                store.storeBytes(of: lengths.word, toByteOffset: start, as: UInt64.self)
                start &+= Lengths.size
                Self.lowercase(message, from: Int(line.nameStart), name, to: store, at: start)
                let (source, target) = (Int(line.valueStart), start &+ name)
                UnsafeMutableRawBufferPointer(rebasing: store[target..<target &+ value])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: message[source..<source &+ value]))
                start = target &+ value
            }
            written = start
        }
    }

    /// Copies `length` bytes in lower case. What it writes behind them, within `target`, is of no account:
    /// what stands there is written later.
    @inline(__always)
    private static func lowercase(
        _ source: UnsafeRawBufferPointer, from start: Int, _ length: Int,
        to target: UnsafeMutableRawBufferPointer, at position: Int
    ) {
        var done = 0
        while done < length, start &+ done &+ 8 <= source.count, position &+ done &+ 8 <= target.count {
            let word = source.loadUnaligned(fromByteOffset: start &+ done, as: UInt64.self)
            let letters = Word.from(UInt8(ascii: "A"), to: UInt8(ascii: "Z"), in: word & ~Word.marks)
            // What is no ASCII stays as it is.
            let isUpper = letters & ~word & Word.marks
            target.storeBytes(of: word | isUpper &>> 2, toByteOffset: position &+ done, as: UInt64.self)
            done &+= 8
        }
        while done < length {
            let byte = source[start &+ done]
            target[position &+ done] = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            done &+= 1
        }
    }
}
