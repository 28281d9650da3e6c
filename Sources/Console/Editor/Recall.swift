// Walking through the history with Up and Down.
//
// What stands in the line when the walk begins is the prefix that entries must have, and is there again below the
// newest of them. After an entry was run again unchanged, Down in the next, empty line gives the entry that followed
// it.

struct Recall {
    /// The entry that is shown, nil for the user's own text.
    var position: Int?
    private(set) var isBrowsing = false
    private var own = ""
    private var following: Int?

    mutating func begin() {
        position = nil
        isBrowsing = false
    }

    mutating func stopBrowsing() { isBrowsing = false }

    mutating func older(than text: String, _ history: History) -> String? {
        if !isBrowsing { start(text) }
        guard let index = history.index(before: position ?? history.count, prefix: own, differentFrom: text) else {
            return nil
        }
        position = index
        isBrowsing = true
        return history.entries[index]
    }

    mutating func newer(than text: String, _ history: History) -> String? {
        if !isBrowsing {
            if text.isEmpty, let next = following, next < history.count {
                own = ""
                position = next
                isBrowsing = true
                return history.entries[next]
            }
            start(text)
        }
        guard let from = position else { return nil }
        isBrowsing = true
        guard let index = history.index(after: from, prefix: own, differentFrom: text) else {
            position = nil
            return own
        }
        position = index
        return history.entries[index]
    }

    mutating func accept(_ text: String, _ history: History) {
        following = position.flatMap { $0 < history.count && history.entries[$0] == text ? $0 + 1 : nil }
        begin()
    }

    private mutating func start(_ text: String) {
        own = text
        position = nil
    }
}
