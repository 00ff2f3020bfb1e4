import NIOCore
import Testing

@testable import Kit

@Suite("Entity tags")
struct EntityTagTests {
    private let tag = EntityTag(body: ByteBuffer(string: #"{"a":1}"#))

    @Test("one content has one tag, another has another")
    func content() {
        #expect(tag == EntityTag(body: ByteBuffer(string: #"{"a":1}"#)))
        #expect(tag != EntityTag(body: ByteBuffer(string: #"{"a":2}"#)))
        #expect(tag.text.wholeMatch(of: /"[0-9a-f]{32}"/) != nil)
    }

    @Test("a field is met by the tag itself, in a list or by a star, never by a weak one")
    func fields() {
        let (text, other) = (tag.text, #""0123456789abcdef0123456789abcdef""#)
        for met in [text, "*", " \(text) ", "\(other), \(text)", "\(text),\(other)", "W/\(other),\t\(text)"] {
            #expect(tag.meets(met), "\(met)")
        }
        for unmet in ["", other, "W/\(text)", String(text.dropFirst().dropLast()), "\(text)x", "**", ","] {
            #expect(!tag.meets(unmet), "\(unmet)")
        }
    }

    @Test("content is known by its tag, weak or not, or by a star")
    func known() {
        let (text, other) = (tag.text, #""0123456789abcdef0123456789abcdef""#)
        for known in [text, "W/\(text)", "*", "\(other),\t\(text) ", "W/\(other), W/\(text)"] {
            #expect(tag.isKnown(by: known), "\(known)")
        }
        for unknown in ["", other, "w/\(text)", "W/\(other)", "\(text)x", "W/", ","] {
            #expect(!tag.isKnown(by: unknown), "\(unknown)")
        }
    }
}
