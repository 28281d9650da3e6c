import Glibc
import Support

/// Finds a checkpoint on this machine by what a person calls it: a folder's path, or a model's name on the Hugging Face
/// hub if it has been fetched before. Reads only; never uses the network.
///
/// The cache's layout (huggingface/hub-docs, local-cache): under `$HF_HUB_CACHE`, else `$HUGGINGFACE_HUB_CACHE`, else
/// `$HF_HOME/hub`, else `$XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`
///
///     models--ORG--NAME/refs/main                 40 hexadecimal digits
///     models--ORG--NAME/snapshots/DIGITS/…        the files, usually links into blobs/
public struct CheckpointLocator: Sendable {
    private let environment: @Sendable (String) -> String?

    public init() { environment = { name in getenv(name).map { String(cString: $0) } } }

    init(environment: @escaping @Sendable (String) -> String?) { self.environment = environment }

    /// The folder of `name`. Throws `FileError` saying where was looked and which command would fetch the model.
    public func folder(_ name: String) throws -> String {
        let path = expandingHome(name)
        if FileSystem.isFolder(path) { return trimmed(path) }
        if FileSystem.exists(path) {
            throw FileError(.unsupported, name, "is a file; a checkpoint is the folder it is in")
        }
        guard isModelName(name) else { throw FileError(.missing, name, "is not a folder") }
        let caches = cacheFolders()
        for full in fullNames(name) {
            for cache in caches {
                if let snapshot = try snapshot(cache + "/models--" + full.split(separator: "/").joined(separator: "--"))
                {
                    return snapshot
                }
            }
        }
        let places = caches.isEmpty ? "" : " (\(caches.joined(separator: ", ")))"
        throw FileError(
            .missing, name, "is neither a folder nor in the Hugging Face cache\(places)",
            help: "give the path of a folder, or fetch it first: hf download \(fullNames(name)[0])")
    }

    // MARK: Names

    /// `name` or `org/name` of letters, digits, `-`, `_` and `.`, as the hub allows.
    private func isModelName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.first != "." && !part.contains("..") && part.utf8.count <= 96
                    && part.unicodeScalars.allSatisfy {
                        $0.isASCII
                            && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                                || "-_.".unicodeScalars.contains($0))
                    }
            }
    }

    /// The names the model may be cached under; the hub has moved GPT-2 into an organisation.
    private func fullNames(_ name: String) -> [String] {
        switch name {
        case "gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl": ["openai-community/" + name, name]
        case "distilgpt2": ["distilbert/" + name, name]
        default: [name]
        }
    }

    private func expandingHome(_ name: String) -> String {
        guard name == "~" || name.hasPrefix("~/"), let home = environment("HOME") else { return name }
        return home + name.dropFirst()
    }

    private func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    // MARK: The cache

    private func cacheFolders() -> [String] {
        let named = [
            environment("HF_HUB_CACHE"), environment("HUGGINGFACE_HUB_CACHE"),
            environment("HF_HOME").map { $0 + "/hub" },
            environment("XDG_CACHE_HOME").map { $0 + "/huggingface/hub" },
            environment("HOME").map { $0 + "/.cache/huggingface/hub" },
        ]
        return named.compactMap { $0 }.first { !$0.isEmpty }.map { [expandingHome($0)] } ?? []
    }

    private func snapshot(_ model: String) throws -> String? {
        let reference = model + "/refs/main"
        guard FileSystem.exists(reference) else { return nil }
        let file = try readWholeFile(reference, limit: 256)
        let revision = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }.filter {
            !$0.isWhitespace
        }
        guard revision.utf8.count == 40, revision.allSatisfy(\.isHexDigit) else {
            throw FileError(.malformed, reference, "does not hold a revision of 40 hexadecimal digits")
        }
        let folder = model + "/snapshots/" + revision
        return FileSystem.isFolder(folder) ? folder : nil
    }
}
