import Glibc

/// What is wrong with a file: which file, where in it, and the rule it breaks.
///
/// Whatever reads or writes the files of models, tokenizers and runs throws this, so that a front end can print
/// `description` as it stands and choose an exit status by `kind`.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// There is no such file or folder.
        case missing
        /// The system would not let us read it.
        case unreadable
        /// The bytes break the format.
        case malformed
        /// The bytes ask for something we never do, such as running code or leaving the folder.
        case refused
        /// Two things that must agree do not: a shape and its configuration, an index and its shards.
        case contradictory
        /// Well formed, but not something this program knows.
        case unsupported
        /// The system would not let us write it, or not all of it.
        case notWritten
    }

    public var kind: Kind
    public var path: String
    /// Where in the file, in bytes from its start.
    public var offset: Int?
    /// What was found and what was expected, as half a sentence.
    public var rule: String
    /// What to do about it.
    public var help: String?

    public init(_ kind: Kind, _ path: String, at offset: Int? = nil, _ rule: String, help: String? = nil) {
        self.kind = kind
        self.path = path
        self.offset = offset
        self.rule = rule
        self.help = help
    }

    public var description: String {
        let place = offset.map { " at byte \($0)" } ?? ""
        return "\(path)\(place): \(rule)"
    }
}

/// The system's own words for an `errno`.
public func errorText(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}

/// `480 MB`, for messages.
public func byteText(_ count: Int) -> String {
    switch count {
    case 10_000_000_000_000...: "\(count / 1_000_000_000_000) TB"
    case 10_000_000_000...: "\(count / 1_000_000_000) GB"
    case 10_000_000...: "\(count / 1_000_000) MB"
    case 10_000...: "\(count / 1000) kB"
    default: "\(count) bytes"
    }
}
