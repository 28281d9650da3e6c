// The rules of files, folders, locks, programs and the machine, each with the case beside it that is none.

import Foundation
import Glibc
import TestSupport
import Testing

@testable import Support

private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
}

@Suite struct WrittenFileRuleTests {
    @Test func `permissions that are asked for, or that the old file had, hold whatever the umask takes away`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, mode: 0o666, "a".utf8)
            #expect(mode(path) == 0o666)
            chmod(path, 0o757)
            try writeFileAtomically(path, "b".utf8)
            #expect(mode(path) == 0o757)
            // What is asked for goes before what was there.
            try writeFileAtomically(path, mode: 0o600, "c".utf8)
            #expect(mode(path) == 0o600)
        }
    }

    @Test func `a new file has the permissions that new files have`() throws {
        let status = String(decoding: try readBytes("/proc/self/status"), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Umask:") })
        let mask = try #require(mode_t(line.dropFirst(6).filter { !$0.isWhitespace }, radix: 8))
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/x", "a".utf8)
            #expect(mode(folder.path + "/x") == 0o666 & ~mask)
        }
    }

    @Test func `the last look comes when all is written and the old file is still in its place`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, "old".utf8)
            var (before, beside): ([UInt8], [UInt8]) = ([], [])
            try writeFileAtomically(
                path,
                check: {
                    before = try readBytes(path)
                    let name = FileSystem.names(in: folder.path).first { $0.hasPrefix(".tmp-") }
                    beside = try readBytes(folder.path + "/" + (name ?? "none"))
                }, "new".utf8)
            #expect(before == Array("old".utf8) && beside == Array("new".utf8))
            #expect(try readBytes(path) == Array("new".utf8))
        }
    }

    @Test func `one right to write is enough to be replaced, and a read-only file says how to get it`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, "old".utf8)
            for bits: mode_t in [0o200, 0o020, 0o002] {
                chmod(path, 0o444 | bits)
                #expect(throws: Never.self) { try writeFileAtomically(path, "new".utf8) }
            }
            chmod(path, 0o555)
            let fault = FileError(
                .notWritten, path, "is read-only", help: "choose another name, or chmod u+w \(path)")
            #expect(throws: fault) { try writeFileAtomically(path, "newer".utf8) }
        }
    }

    @Test func `what is no file is refused by what it is`() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.path + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            let refused = FileError(.notWritten, pipe, "is a pipe and is not replaced", help: "choose another name")
            #expect(throws: refused) { try writeFileAtomically(pipe, "x".utf8) }
            let device = FileError(
                .notWritten, "/dev/null", "is a device and is not replaced", help: "choose another name")
            #expect(throws: device) { try writeFileAtomically("/dev/null", "x".utf8) }
        }
    }

    @Test func `a full disk tells what is free and what was needed, another fault the system's words alone`() throws {
        func fault(_ descriptor: Int32, _ count: Int?) -> FileError? {
            #expect(throws: FileError.self) {
                var sink = FileSink(descriptor: descriptor, path: "x", expectedCount: count)
                try sink.write("12345")
                try sink.flush()
            }
        }
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        defer { close(full) }
        let known = try #require(fault(full, 12_345)).rule, unknown = try #require(fault(full, nil)).rule
        #expect(known.hasPrefix("not saved: No space left on device, ") && known.hasSuffix(" free, 12 kB needed"))
        #expect(unknown.hasSuffix(" free") && !unknown.contains("needed"))
        #expect(fault(-1, 5)?.rule == "could not be written: Bad file descriptor")
    }

    @Test func `folders that are missing on the way to a file are made`() throws {
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/a/b/x", [7])
            #expect(try readBytes(folder.path + "/a/b/x") == [7])
        }
    }
}

@Suite struct FileNameRuleTests {
    @Test func `what stands under a name is told without following it, whether it is there by following it`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            #expect(symlink(base + "/none", base + "/dangling") == 0)
            #expect(!FileSystem.exists(base + "/dangling") && FileSystem.kind(of: base + "/dangling") == .link)
            #expect(FileSystem.kind(of: base + "/none") == nil && FileSystem.kind(of: base) == .folder)
            #expect(FileSystem.kind(of: "/dev/null") == .device)
        }
    }

    @Test func `of several strange entries the first by name is told, and a link is not entered`() throws {
        try withTemporaryFolder { folder in
            let (base, other) = (folder.path + "/base", folder.path + "/other")
            try FileSystem.makeFolder(base + "/b")
            try FileSystem.makeFolder(other)
            #expect(mkfifo(other + "/inside", 0o600) == 0 && mkfifo(base + "/c", 0o600) == 0)
            #expect(symlink(other, base + "/b/x") == 0)
            let found = try #require(FileSystem.strangeEntry(in: base))
            #expect(found.path == base + "/b/x" && found.kind == .link)
            unlink(base + "/b/x")
            let pipe = try #require(FileSystem.strangeEntry(in: base))
            #expect(pipe.path == base + "/c" && pipe.kind == .pipe)
        }
    }

    @Test func `a path from the home folder is the same from every folder`() {
        #expect(FileSystem.path("~/a", asFrom: "/nowhere") == "~/a")
        #expect(FileSystem.path("~", asFrom: "/") == "~")
    }

    @Test func `a folder that is there need not be made, and what is in its way is told`() throws {
        try withTemporaryFolder { folder in
            try FileSystem.makeFolder(folder.path)
            try writeFileAtomically(folder.path + "/file", [1])
            #expect(symlink(folder.path, folder.path + "/link") == 0)
            try FileSystem.makeFolder(folder.path + "/link/inner")
            #expect(FileSystem.isFolder(folder.path + "/inner"))
            let error = #expect(throws: FileError.self) { try FileSystem.makeFolder(folder.path + "/file") }
            #expect(error?.rule == "cannot be made: File exists" && error?.kind == .notWritten)
            let flushed = #expect(throws: FileError.self) { try FileSystem.flushFolder(folder.path + "/none") }
            #expect(flushed?.rule == "cannot be flushed: No such file or directory")
        }
    }

    @Test func `a file below a file does not exist, an empty one has no bytes, and a folder cannot be read`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, [] as [UInt8])
            #expect(throws: FileError(.missing, path + "/y", "does not exist")) { try MappedFile(path + "/y") }
            #expect(try MappedFile(path).bytes.isEmpty && readBytes(path).isEmpty)
            #expect(throws: FileError(.unreadable, folder.path, "cannot be read: Is a directory")) {
                try readBytes(folder.path)
            }
            let interrupt = Interrupt()
            interrupt.request()
            #expect(throws: FileError(.unreadable, path, "was given up before its end")) {
                try readBytes(path, interrupt: interrupt)
            }
        }
    }

    @Test func `a digest begins anew when it is told, and that of a file is that of its bytes`() throws {
        var hash = SHA256()
        hash.update("abc")
        #expect(hash.finalizeHex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(hash.finalizeHex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/x", "abc".utf8)
            #expect(try SHA256.hex(ofFile: folder.path + "/x").hasPrefix("ba7816bf8f01cfea"))
            #expect(throws: FileError.self) { try SHA256.hex(ofFile: folder.path + "/none") }
        }
    }

    @Test func `what is of no more use goes, a folder with all in it, a link without what it leads to`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            try writeFileAtomically(base + "/a/b/x", [1])
            try writeFileAtomically(base + "/kept/x", [1])
            #expect(symlink(base + "/kept", base + "/link") == 0)
            for name in ["/a", "/link"] {
                Leftovers.add(base + name)
                Leftovers.remove(base + name)
            }
            #expect(FileSystem.names(in: base) == ["kept"])
            #expect(FileSystem.exists(base + "/kept/x"))
        }
    }
}

@Suite struct FolderLockRuleTests {
    private func owner(_ folder: URL) throws -> FolderLock.Owner {
        try JSONReader.readFile(folder.path + "/owner.lock").decode(FolderLock.Owner.self)
    }

    private func put(_ host: String, _ folder: URL) throws -> FolderLock.Owner {
        let owner = FolderLock.Owner(host: host, process: 1, since: "2026-01-02T03:04:05Z", boot: "b")
        try writeFileAtomically(folder.path + "/owner.lock", JSONWriter.bytes(try JSONValue(encoding: owner)))
        return owner
    }

    @Test func `a folder is held by one at a time, who says who it is, and is free when that one is gone`() throws {
        try withTemporaryFolder { folder in
            do {
                let lock = try FolderLock(folder.path, name: "run")
                let own = try owner(folder)
                #expect(own.process == Int(getpid()) && own.host == FolderLock.host && own.since.hasSuffix("Z"))
                #expect(throws: FolderLock.Refusal.held(own)) { try FolderLock(folder.path, name: "run") }
                // Nobody takes it from one who lives.
                #expect(throws: FolderLock.Refusal.held(own)) {
                    try FolderLock(folder.path, name: "run", steals: true)
                }
                #expect(FileSystem.names(in: folder.path) == FolderLock.fileNames("run").sorted())
                withExtendedLifetime(lock) {}
            }
            #expect(!FileSystem.exists(folder.path + "/owner.lock"))
            #expect(throws: Never.self) { try FolderLock(folder.path, name: "run") }
        }
    }

    @Test func `an owner on another machine is believed until somebody takes the folder over`() throws {
        try withTemporaryFolder { folder in
            let other = try put("another-machine", folder)
            #expect(throws: FolderLock.Refusal.foreign(other)) { try FolderLock(folder.path, name: "run") }
            #expect(try owner(folder) == other)
            let lock = try FolderLock(folder.path, name: "run", steals: true)
            #expect(try owner(folder).host == FolderLock.host)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `an owner on this machine without a lock is dead, and what is no owner is none`() throws {
        try withTemporaryFolder { folder in
            _ = try put(FolderLock.host, folder)
            do {
                let lock = try FolderLock(folder.path, name: "run")
                #expect(try owner(folder).process == Int(getpid()))
                withExtendedLifetime(lock) {}
            }
            try writeFileAtomically(folder.path + "/owner.lock", "no JSON".utf8)
            #expect(throws: Never.self) { try FolderLock(folder.path, name: "run") }
        }
    }

    @Test func `a lock that cannot be opened, or is a link, says the system's reason`() throws {
        try withTemporaryFolder { folder in
            let missing = FolderLock.Refusal.system(path: folder.path + "/none/run.lock", code: ENOENT)
            #expect(throws: missing) { try FolderLock(folder.path + "/none", name: "run") }
            #expect(symlink(folder.path + "/elsewhere", folder.path + "/run.lock") == 0)
            let link = FolderLock.Refusal.system(path: folder.path + "/run.lock", code: ELOOP)
            #expect(throws: link) { try FolderLock(folder.path, name: "run") }
            #expect(!FileSystem.exists(folder.path + "/elsewhere"))
        }
    }
}

@Suite struct FolderReplacementRuleTests {
    private func refusal(_ folder: String) -> String? {
        let error = #expect(throws: FileError.self) {
            try FolderReplacement.write(folder) { try writeFileAtomically($0 + "/x", [2]) }
        }
        #expect(error?.help == "choose another name" && error?.kind == .notWritten && error?.path == folder)
        return error?.rule
    }

    @Test func `a folder is not replaced that is a file, holds more than files, may not be written, or is the current`()
        throws
    {
        try withTemporaryFolder { folder in
            let base = folder.path
            try writeFileAtomically(base + "/file", [1])
            #expect(refusal(base + "/file") == "is there and is no folder")
            try writeFileAtomically(base + "/links/b", [1])
            #expect(symlink("b", base + "/links/a") == 0)
            #expect(refusal(base + "/links") == "holds more than files, such as a, and is not replaced")
            try writeFileAtomically(base + "/closed/x", [1])
            chmod(base + "/closed", 0o555)
            #expect(refusal(base + "/closed") == "may not be written")
            chmod(base + "/closed", 0o755)
            #expect(try readBytes(base + "/closed/x") == [1])
            let here = try #require(FileSystem.currentFolder)
            // It holds folders too, so that nothing could happen to it.
            if let own = FileSystem.names(in: here).first(where: { FileSystem.isFolder(here + "/" + $0) }) {
                #expect(!own.isEmpty && refusal(here) == "is the current folder, which cannot be replaced")
            }
        }
    }

    @Test func `folders above one that is new are made, and nothing else is left beside it`() throws {
        try withTemporaryFolder { folder in
            try FolderReplacement.write(folder.path + "/a/b") { try writeFileAtomically($0 + "/x", [2]) }
            #expect(FileSystem.names(in: folder.path + "/a") == ["b"])
            #expect(FileSystem.names(in: folder.path + "/a/b") == ["x"])
        }
    }
}

@Suite struct TemporaryCopyRuleTests {
    @Test func `copies of processes that died are removed, and nothing that somebody holds or that is no copy`() throws
    {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        func made(_ name: String, mark: Bool) throws -> String {
            let path = base + "/" + name + UUID().uuidString
            try writeFileAtomically(path + "/x", [1])
            if mark { try writeFileAtomically(path + "/copy.lock", [] as [UInt8]) }
            return path
        }
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/x", [7])
            // It is held before it has the name of a copy, so that no other test takes it for a dead one.
            let early = try made("icot-held-", mark: true), held = base + "/icot-run-held-" + UUID().uuidString
            let lock = open(early + "/copy.lock", O_RDWR)
            #expect(flock(lock, LOCK_EX | LOCK_NB) == 0 && rename(early, held) == 0)
            let dead = try made("icot-run-dead-", mark: true), unmarked = try made("icot-run-own-", mark: false)
            let other = try made("icot-other-", mark: true)
            defer {
                close(lock)
                for path in [held, dead, unmarked, other] { FileSystem.removeFolder(path) }
            }
            let copy = try TemporaryCopy(of: folder.path)
            #expect(copy.path.hasPrefix(base + "/icot-run-"))
            #expect([held, dead, unmarked, other].map { FileSystem.exists($0 + "/x") } == [true, false, true, true])
            withExtendedLifetime(copy) {}
        }
    }

    @Test func `a copy has what links lead to, and leaves out folders of a name as well as files`() throws {
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/elsewhere/y", [3])
            try writeFileAtomically(folder.path + "/a/gone/x", [1])
            try writeFileAtomically(folder.path + "/a/kept", [2])
            #expect(symlink(folder.path + "/elsewhere", folder.path + "/a/link") == 0)
            #expect(symlink(folder.path + "/elsewhere/y", folder.path + "/a/file") == 0)
            let copy = try TemporaryCopy(of: folder.path + "/a", without: ["gone"])
            #expect(FileSystem.names(in: copy.path) == ["copy.lock", "file", "kept", "link"])
            #expect(FileSystem.kind(of: copy.path + "/link") == .folder)
            #expect(try readBytes(copy.path + "/link/y") == [3] && readBytes(copy.path + "/file") == [3])
            withExtendedLifetime(copy) {}
        }
    }
}

@Suite struct MistakenFileRuleTests {
    private func found(_ bytes: [UInt8], isText: Bool = true) -> MistakenFile? {
        bytes.withUnsafeBytes { MistakenFile($0, isText: isText) }
    }
    private func found(_ text: String, isText: Bool = true) -> MistakenFile? { found(Array(text.utf8), isText: isText) }

    @Test func `a pointer, a page and an answer are mistakes where weights were meant too`() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
        #expect(found(pointer, isText: false) == .lfsPointer(byteCount: 12))
        #expect(found("<html>", isText: false) == .webPage && found("<?xml ", isText: false) == .serverAnswer)
        #expect(found("", isText: false) == .empty)
    }

    @Test func `spaces of every kind may stand before a page, which begins within the first kilobyte`() {
        for space in [" ", "\t", "\n", "\r"] { #expect(found(space + space + "<html>") == .webPage) }
        #expect(found("x<html>") == nil && found("<!DOCTYPE svg>") == nil)
        #expect(found(String(repeating: " ", count: 1018) + "<html>") == .webPage)
        #expect(found(String(repeating: " ", count: 1024) + "<html>") == nil)
    }

    @Test func `zeros in other places than every second are no text of two bytes a character`() {
        #expect(found([0x7B, 0, 0, 0]) == nil && found([0x7B, 0, 0x22]) == nil && found([0, 0, 0, 0]) == nil)
        #expect(found([0x7B, 0, 0x22, 0, 0x22]) == .utf16)
        // Only the first sixteen bytes are looked at.
        #expect(found((0..<8).flatMap { _ in [0x61, 0] as [UInt8] } + [0x61, 0x61]) == .utf16)
    }

    @Test func `what to do about each mistake is said`() {
        let helps = [MistakenFile.lfsPointer(byteCount: nil), .webPage, .serverAnswer, .utf16, .empty].map {
            $0.error("p").help ?? ""
        }
        let words = [
            "git lfs pull", "fetch the file again", "fetch the file again", "iconv -f UTF-16 -t UTF-8", "fetch",
        ]
        for (help, word) in zip(helps, words) { #expect(help.contains(word), "\(help)") }
    }
}

@Suite struct ProgramRuleTests {
    private final class Heard { var lines: [String] = [] }

    @Test func `a program that is to stop hears it as Ctrl-C and may say its last word`() throws {
        let heard = Heard()
        let end = try ChildProgram.run(
            "trap 'echo stopping; exit 4' INT; echo ready; while :; do sleep 0.05; done",
            isStopped: { heard.lines.contains("ready") }, line: { heard.lines.append($0) })
        #expect(end == .stopped && heard.lines == ["ready", "stopping"])
    }

    @Test func `the end of a program is the end of its output, and nothing that it left running goes on`() throws {
        try withTemporaryFolder { folder in
            let heard = Heard()
            let end = try ChildProgram.run(
                "sleep 30 & echo $!; (sleep 2; echo late > '\(folder.path)/late') & exit 5", isStopped: { false },
                line: { heard.lines.append($0) })
            #expect(end == .status(5))
            #expect(!FileSystem.exists(folder.path + "/late"))
            let process = try #require(heard.lines.first.flatMap { Int32($0) })
            func isRunning() -> Bool {
                guard let text = try? readBytes("/proc/\(process)/stat") else { return false }
                // Its state follows its name in brackets; Z has ended and waits for whoever asks.
                let state = String(decoding: text, as: UTF8.self).split(separator: ")").last?.first { $0 != " " }
                return state != "Z"
            }
            for _ in 0..<200 where isRunning() { usleep(20_000) }
            #expect(!isRunning())
        }
    }

    @Test(arguments: [0, 1, 127, 128, 200, 255])
    func `a status is told from 0 to 255`(_ status: Int) throws {
        #expect(try ChildProgram.run("exit \(status)", isStopped: { false }, line: { _ in }) == .status(status))
    }

    @Test func `the first library that is there is opened, and a function that it lacks is none`() throws {
        typealias Ask = @convention(c) () -> Int32
        let library = try #require(DynamicLibrary("libicot-is-not-there.so", "libc.so.6"))
        #expect(library.function("getpid", as: Ask.self)?() == getpid())
        #expect(library.function("icot_is_not_there", as: Ask.self) == nil)
        #expect(DynamicLibrary("libicot-is-not-there.so") == nil)
    }

    @Test func `free memory is counted in bytes and is no more than there is`() throws {
        let total = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let free = try #require(FreeMemory.bytes)
        #expect(free <= total && free > total / 1000)
    }

    @Test func `work tells the share that is done, a part of it within its range, and nothing once it is stopped`()
        throws
    {
        var told: [Double] = []
        let observer = WorkObserver { told.append($0) }
        try observer.step(1, of: 4)
        try observer.step(0, of: 0)
        let part = observer.part(0.25...0.75)
        for done in 0...2 { try part.step(done, of: 2) }
        try part.part(0.5...1).step(1, of: 2)
        #expect(told == [0.25, 0, 0.25, 0.5, 0.75, 0.625])
        observer.interrupt.request()
        #expect(throws: Interrupted()) { try part.step(1, of: 2) }
        #expect(throws: Interrupted()) { try part.check() }
        #expect(told.count == 6)
    }

    @Test func `the time of day without its fractions is that with them, cut off`() {
        // The second may change between the two, but not twice.
        let tries = (0..<2).map { _ in (UTCTime.preciseNow(), UTCTime.now(), UTCTime.preciseNow()) }
        #expect(tries.contains { $0.1 == $0.0.prefix(19) + "Z" || $0.1 == $0.2.prefix(19) + "Z" })
    }
}
