import Foundation
import Testing

@testable import Tokens

@Suite("Base64url")
struct Base64URLTests {
    @Test("every length is written and read as Foundation does, without padding")
    func roundTrip() {
        for length in 0...130 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255) }
            let text = Base64URL.encode(bytes)
            let expected = Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                .replacing("=", with: "")
            #expect(text == expected)
            #expect(Base64URL.decode(text.utf8) == bytes)
            // What is not one block of memory.
            #expect(Base64URL.decode(text.utf8.lazy.map { $0 }) == bytes)
        }
    }

    @Test("no other character stands for anything, wherever it is")
    func characters() {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for length in [2, 3, 4, 7, 8, 10] {
            for place in 0..<length {
                // The last of two characters has four bits that nothing uses, that of three has two.
                let unused = place < length - 1 ? 0 : length % 4 == 2 ? 0x0F : length % 4 == 3 ? 0x03 : 0
                for character in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: UInt8(ascii: "A"), count: length)
                    text[place] = character
                    let isFine = alphabet.firstIndex(of: character).map { $0 & unused == 0 } ?? false
                    #expect((Base64URL.decode(text) != nil) == isFine, "\(character) at \(place) of \(length)")
                }
            }
        }
    }

    @Test("a length that no bytes have is refused")
    func lengths() {
        for text in ["A", "AAAAA", "AA==", "AAA="] { #expect(Base64URL.decode(text.utf8) == nil) }
        #expect(Base64URL.decode("".utf8) == [])
    }
}
