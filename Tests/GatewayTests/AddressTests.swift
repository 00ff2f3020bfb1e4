import HTTPFields
import Testing

@testable import Gateway

@Suite("Where a request comes from")
struct AddressTests {
    @Test(
        "an address is read strictly, and IPv4 inside IPv6 is IPv4",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"),
            ("::1", "::1"), ("192.0.2.1:80", nil), ("[::1]", nil), ("fe80::1%eth0", nil), ("localhost", nil),
            ("192.0.2", nil), ("0300.1.1.1", nil), ("", nil), (" 192.0.2.1", nil),
        ])
    func addresses(text: String, read: String?) {
        #expect(Address(text)?.text == read)
    }

    @Test("limits count the whole of IPv4 and the /64 of IPv6")
    func prefixes() {
        #expect(Address("192.0.2.1")?.prefix == "192.0.2.1")
        #expect(Address("2001:db8:1:2:3:4:5:6")?.prefix == "2001:db8:1:2::/64")
    }

    @Test("blocks hold what lies in them, and none holds everybody")
    func blocks() throws {
        let private10 = try #require(AddressBlock("10.0.0.0/8"))
        let odd = try #require(AddressBlock("192.0.2.128/25"))
        let six = try #require(AddressBlock("2001:db8::/33"))
        let one = try #require(AddressBlock("192.0.2.7"))
        func holds(_ block: AddressBlock, _ text: String) throws -> Bool { block.contains(try #require(Address(text))) }
        #expect(try holds(private10, "10.255.0.1"))
        #expect(try !holds(private10, "11.0.0.1"))
        #expect(try holds(odd, "192.0.2.128"))
        #expect(try !holds(odd, "192.0.2.127"))
        #expect(try holds(six, "2001:db8:7fff::1"))
        #expect(try !holds(six, "2001:db8:8000::1"))
        #expect(try holds(one, "192.0.2.7"))
        #expect(try !holds(one, "::1"))
        for bad in ["0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "x/8", "", "/8"] {
            #expect(AddressBlock(bad) == nil, "\(bad)")
        }
    }

    private func judge(
        _ peer: String?, _ fields: [String], source: ClientAddress.Source = .xForwardedFor,
        proxies: [String] = ["10.0.0.0/8", "::1"]
    ) -> String? {
        let name = source.rawValue
        let judge = ClientAddress(proxies: proxies.compactMap { AddressBlock($0) }, source: source)
        var block = HeaderBlock()
        for field in fields { block.append(name, field) }
        return judge.judge(peer: peer.flatMap { Address($0) }, block)?.text
    }

    @Test("what a stranger says of himself is not believed")
    func strangers() {
        #expect(judge("192.0.2.9", ["203.0.113.5"]) == "192.0.2.9")
        #expect(judge("10.0.0.1", ["203.0.113.5"], proxies: []) == "10.0.0.1")
        #expect(judge(nil, ["203.0.113.5"]) == nil)
    }

    @Test("behind proxies it is the right-most address that is none of theirs")
    func proxies() {
        #expect(judge("10.0.0.1", []) == "10.0.0.1")
        #expect(judge("10.0.0.1", ["203.0.113.5"]) == "203.0.113.5")
        #expect(judge("10.0.0.1", ["1.1.1.1, 203.0.113.5, 10.0.0.2"]) == "203.0.113.5")
        #expect(judge("10.0.0.1", ["1.1.1.1", "203.0.113.5 , 10.9.9.9"]) == "203.0.113.5")
        #expect(judge("10.0.0.1", ["203.0.113.5, unknown, 10.0.0.2"]) == "10.0.0.2")
        #expect(judge("10.0.0.1", ["203.0.113.5,"]) == "10.0.0.1")
        #expect(judge("10.0.0.1", ["10.0.0.3, 10.0.0.2"]) == "10.0.0.3")
        #expect(judge("::1", ["[2001:db8::7]:4711"]) == "2001:db8::7")
        #expect(judge("::ffff:10.0.0.1", ["203.0.113.5:4711"]) == "203.0.113.5")
    }

    @Test("what a caller wrote before is not looked at, however long, and no hop is an address that is longer than any")
    func long() {
        #expect(judge("10.0.0.1", [String(repeating: "x, ", count: 5000) + "203.0.113.5"]) == "203.0.113.5")
        #expect(judge("10.0.0.1", ["203.0.113.5, " + String(repeating: " ", count: 600) + "10.0.0.2"]) == "10.0.0.1")
        #expect(judge("10.0.0.1", ["[2001:db8::7]x"]) == "10.0.0.1")
        #expect(judge("10.0.0.1", ["[2001:db8::7"]) == "10.0.0.1")
        #expect(judge("10.0.0.1", ["\""]) == "10.0.0.1")
    }

    @Test("Forwarded is read as RFC 7239 writes it, and only where it is the field in use")
    func forwarded() {
        #expect(
            judge("10.0.0.1", [#"for=203.0.113.5;proto=https, for="[2001:db8::7]:80""#], source: .forwarded)
                == "2001:db8::7")
        #expect(judge("10.0.0.1", [#"by=10.0.0.1; For="203.0.113.5:80""#], source: .forwarded) == "203.0.113.5")
        #expect(judge("10.0.0.1", ["for=_hidden"], source: .forwarded) == "10.0.0.1")
        #expect(judge("10.0.0.1", ["proto=https"], source: .forwarded) == "10.0.0.1")
    }
}
