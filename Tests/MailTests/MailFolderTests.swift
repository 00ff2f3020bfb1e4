import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import Mail

@Suite struct MailFolderTests {
    private let folder: TestFolder
    private var path: String { "\(folder.path)/mails" }

    init() throws {
        folder = try TestFolder()
    }

    @Test("a mail becomes one file that holds it, only its owner's, in a folder only its owner's")
    func writes() throws {
        let mail = try Samples.mail()
        try MailFolder(path: path, sender: try Samples.sender(), now: { Samples.date }).deliver(mail)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(names == ["20250701T100000.000000Z-\(mail.id).eml"])
        let file = "\(path)/\(try #require(names.first))"
        let message = MailMessage(mail, sender: try Samples.sender(), date: Samples.date)
        #expect(FileManager.default.contents(atPath: file) == Data(message.bytes))
        #expect(try mode(file) == 0o600)
        #expect(try mode(path) == 0o700)
    }

    @Test("names sort by time")
    func sorts() throws {
        let moment = Mutex(Samples.date)
        let mails = MailFolder(path: path, sender: try Samples.sender()) {
            moment.withLock {
                $0 += 0.25
                return $0
            }
        }
        for id in ["c", "a", "b"] { try mails.deliver(try Samples.mail(id: id)) }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        #expect(names.map { $0.suffix(6) } == ["-c.eml", "-a.eml", "-b.eml"])
    }

    @Test("an id can't lead out of the folder")
    func traversal() throws {
        try MailFolder(path: path, sender: try Samples.sender()).deliver(try Samples.mail(id: "/../../x"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
    }

    @Test("a folder that can't be had is a temporary error")
    func failure() throws {
        let mails = MailFolder(path: "\(folder.path)/no/such", sender: try Samples.sender())
        let error = #expect(throws: MailError.self) { try mails.deliver(try Samples.mail()) }
        #expect(error == .temporary("can't make folder \(folder.path)/no/such: No such file or directory"))
    }

    private func mode(_ file: String) throws -> mode_t {
        var status = stat()
        try #require(stat(file, &status) == 0)
        return status.st_mode & 0o777
    }
}
