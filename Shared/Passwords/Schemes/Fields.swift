import CSodium
import Octets

/// The fields of a stored hash, read strictly: no sign, no leading zero, nothing between or after them.
///
/// They are told apart by bytes: by characters, a login would spend more on reading its hash than on all else but computing it.
enum Fields {
    /// Longer texts are no hashes.
    static let longest = 4096

    /// What stands between the dollar signs of a stored hash; the first is empty when it begins with one.
    static func split(_ stored: String) throws(Refusal) -> [Substring] {
        guard stored.utf8.count <= longest else { throw .malformed }
        let isPrintable = stored.withBytes { bytes in
            bytes.allWords { $0 & Word.marks == 0 && Word.from(0x20, to: 0x7E, in: $0) & Word.marks == Word.marks }
        }
        guard isPrintable else { throw .malformed }
        return stored.pieces(between: "$")
    }
}

extension Substring {
    /// How bytes are written: with padding, without, or without and with a dot for the plus sign (passlib's "ab64").
    enum Base64 { case padded, unpadded, dotted }

    /// A decimal number.
    func number() throws(Refusal) -> Int {
        let zero = UInt8(ascii: "0")
        guard !isEmpty, utf8.allSatisfy({ zero...UInt8(ascii: "9") ~= $0 }), utf8.first != zero || utf8.count == 1
        else { throw .malformed }
        guard utf8.count <= 10, let number = Int(self) else { throw .costly }
        return number
    }

    /// The numbers in `m=19456,t=2,p=1`, in the order of `names`.
    func numbers(_ names: String...) throws(Refusal) -> [Int] {
        let parts = pieces(between: ",")
        guard parts.count == names.count else { throw .malformed }
        var numbers: [Int] = []
        for (part, name) in zip(parts, names) {
            guard part.utf8.starts(with: name.utf8) else { throw .malformed }
            let rest = part.utf8.dropFirst(name.utf8.count)
            guard rest.first == UInt8(ascii: "=") else { throw .malformed }
            numbers.append(try Substring(rest.dropFirst()).number())
        }
        return numbers
    }

    /// The bytes that are written in base64 (RFC 4648), in its one canonical form.
    func base64(_ form: Base64) throws(Refusal) -> [UInt8] {
        let characters = utf8.map { byte in
            CChar(bitPattern: form == .dotted && byte == UInt8(ascii: ".") ? UInt8(ascii: "+") : byte)
        }
        let variant = form == .padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING
        var bytes = [UInt8](repeating: 0, count: characters.count)
        var count = 0
        guard
            sodium_base642bin(&bytes, bytes.count, characters, characters.count, nil, &count, nil, variant) == 0,
            count <= bytes.count
        else { throw .malformed }
        return Array(bytes.prefix(count))
    }
}
