// What was typed, newest last, and the ways to find it again.

public final class History {
    private let file: HistoryFile?
    private var isLoaded: Bool
    private var kept: [String] = []
    private let entriesMax: Int

    /// The history of the user's own file, read when it is first needed.
    public static func standard() -> History { History(file: HistoryFile.standard()) }

    /// A history that is forgotten with the session.
    public static func inMemory(_ entries: [String] = []) -> History {
        let history = History(file: nil)
        history.kept = entries
        return history
    }

    init(file: HistoryFile?, entriesMax: Int = HistoryFile.entriesMax) {
        self.file = file
        self.entriesMax = file?.entriesMax ?? entriesMax
        isLoaded = file == nil
    }

    /// All entries, oldest first.
    public var entries: [String] {
        load()
        return kept
    }

    public var count: Int {
        load()
        return kept.count
    }

    /// Adds what was typed, unless it is blank, begins with a space (the way to keep something out of the history), or
    /// repeats the entry before it. The oldest go where there are a tenth more than are kept.
    public func append(_ entry: String) {
        guard let first = entry.unicodeScalars.first, first != " ", entry.contains(where: { !$0.isWhitespace }) else {
            return
        }
        load()
        guard kept.last != entry else { return }
        kept.append(entry)
        file?.append(entry)
        if kept.count > entriesMax + entriesMax / 10 { kept.removeFirst(kept.count - entriesMax) }
    }

    /// The newest entry before `index` that begins with `prefix` and is not `current`.
    public func index(before index: Int, prefix: String, differentFrom current: String? = nil) -> Int? {
        load()
        var candidate = min(index, kept.count) - 1
        while candidate >= 0 {
            if kept[candidate].utf8.starts(with: prefix.utf8), kept[candidate] != current { return candidate }
            candidate -= 1
        }
        return nil
    }

    /// The oldest entry after `index` that begins with `prefix` and is not `current`.
    public func index(after index: Int, prefix: String, differentFrom current: String? = nil) -> Int? {
        load()
        var candidate = index + 1
        while candidate < kept.count {
            if kept[candidate].utf8.starts(with: prefix.utf8), kept[candidate] != current { return candidate }
            candidate += 1
        }
        return nil
    }

    /// The newest entry at or before `index` that contains `pattern`; small letters find capitals too.
    public func index(searching pattern: String, from index: Int) -> Int? {
        load()
        let pattern = Array(pattern.utf8)
        let ignoresCase = !pattern.contains { $0 >= 0x41 && $0 <= 0x5a }
        var candidate = min(index, kept.count - 1)
        while candidate >= 0 {
            if Self.contains(kept[candidate], pattern, ignoresCase) { return candidate }
            candidate -= 1
        }
        return nil
    }

    /// The same towards newer entries.
    public func index(searchingForward pattern: String, from index: Int) -> Int? {
        load()
        let pattern = Array(pattern.utf8)
        let ignoresCase = !pattern.contains { $0 >= 0x41 && $0 <= 0x5a }
        return (max(0, index)..<max(0, index, kept.count)).first { Self.contains(kept[$0], pattern, ignoresCase) }
    }

    private func load() {
        guard !isLoaded else { return }
        isLoaded = true
        kept = (file?.load() ?? []) + kept
    }

    private static func contains(_ entry: String, _ pattern: [UInt8], _ ignoresCase: Bool) -> Bool {
        guard let first = pattern.first else { return true }
        var entry = entry
        return entry.withUTF8 { bytes in
            guard bytes.count >= pattern.count else { return false }
            for start in 0...(bytes.count - pattern.count) where folded(bytes[start], ignoresCase) == first {
                var offset = 1
                while offset < pattern.count, folded(bytes[start + offset], ignoresCase) == pattern[offset] {
                    offset += 1
                }
                if offset == pattern.count { return true }
            }
            return false
        }
    }

    private static func folded(_ byte: UInt8, _ ignoresCase: Bool) -> UInt8 {
        ignoresCase && byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
    }
}
