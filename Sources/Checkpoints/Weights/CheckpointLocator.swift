import Glibc
import Support

/// Finds a checkpoint on this machine by what a person calls it: a folder's path, or a model's name on the Hugging Face
/// hub if it has been fetched before. Reads only; never uses the network.
///
/// The cache's layout (huggingface/hub-docs, local-cache): under `$HF_HUB_CACHE`, else `$HUGGINGFACE_HUB_CACHE`, else
/// `$HF_HOME/hub`, else `$XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`
///
///     models--ORG--NAME/refs/REVISION             40 hexadecimal digits; REVISION is main, a branch or a tag
///     models--ORG--NAME/snapshots/DIGITS/…        the files, usually links into blobs/
public struct CheckpointLocator: Sendable {
    private let environment: @Sendable (String) -> String?

    public init() { environment = { name in getenv(name).map { String(cString: $0) } } }

    init(environment: @escaping @Sendable (String) -> String?) { self.environment = environment }

    /// A checkpoint's folder, and the file in it where a person named one.
    public struct Place: Sendable, Equatable {
        public var folder: String
        public var file: String?
    }

    /// Where `name` is: a folder, a weight file in its folder, or a model of the cache, in a revision of it if one is
    /// named.
    /// - Throws: `FileError`.
    public func place(_ name: String, revision: String? = nil) throws -> Place {
        let path = expandingHome(name)
        let file = String(path.split(separator: "/").last ?? "")
        if FileSystem.exists(path), !FileSystem.isFolder(path), CheckpointWeights.isWeightFile(file) {
            return Place(folder: FileSystem.folder(of: path), file: file)
        }
        return Place(folder: try folder(name, revision: revision), file: nil)
    }

    /// The folder of `name`. Throws `FileError` saying where was looked and which command would fetch the model.
    /// - Parameter revision: a branch, a tag or a commit of a model in the cache; `main` without it.
    public func folder(_ name: String, revision: String? = nil) throws -> String {
        let path = expandingHome(name)
        if FileSystem.isFolder(path) {
            guard revision == nil else {
                throw FileError(
                    .unsupported, name, "is a folder, and only models of the Hugging Face cache have revisions",
                    help: "leave revision: out")
            }
            return trimmed(path)
        }
        if FileSystem.exists(path) {
            throw FileError(
                .unsupported, name, "is a file; a checkpoint is the folder it is in",
                help: "load \"\(FileSystem.folder(of: path))\"")
        }
        // No model is called like a file of weights: whoever writes one means a file, and nothing of that name is
        // anywhere to be fetched.
        if CheckpointWeights.isWeightFile(String(path.split(separator: "/").last ?? "")) {
            throw FileError(.missing, name, "there is no such file")
        }
        guard isModelName(name) else { throw FileError(.missing, name, "is not a folder") }
        let caches = cacheFolders()
        var there: [String] = []
        for full in fullNames(name) {
            for cache in caches {
                let model = cache + "/models--" + full.split(separator: "/").joined(separator: "--")
                if let snapshot = try snapshot(model, revision ?? "main") { return snapshot }
                there += revisions(model)
            }
        }
        if let known = there.first {
            throw FileError(
                .missing, name,
                "is in the Hugging Face cache without its revision \(revision ?? "main"); there "
                    + (there.count == 1 ? "is " : "are ") + there.prefix(6).joined(separator: ", "),
                help: "write load \"\(name)\" revision: \"\(known)\"")
        }
        let places = caches.isEmpty ? "" : " (\(caches.joined(separator: ", ")))"
        throw FileError(
            .missing, name, "is neither a folder nor in the Hugging Face cache\(places)",
            help: "give the path of a folder, or fetch it first: hf download \(fullNames(name)[0])"
                + (revision.map { " --revision \($0)" } ?? ""))
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

    /// Where models of the Hugging Face hub lie that were fetched; it need not be there.
    public func cacheFolders() -> [String] {
        // An empty variable names nothing, the way the hub's own library takes it.
        func variable(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        let named = [
            variable("HF_HUB_CACHE"), variable("HUGGINGFACE_HUB_CACHE"),
            variable("HF_HOME").map { $0 + "/hub" },
            variable("XDG_CACHE_HOME").map { $0 + "/huggingface/hub" },
            variable("HOME").map { $0 + "/.cache/huggingface/hub" },
        ]
        return named.compactMap { $0 }.first.map { [expandingHome($0)] } ?? []
    }

    /// The folder of a model's revision, by the name of a branch or tag, or by the first digits of a commit.
    private func snapshot(_ model: String, _ revision: String) throws -> String? {
        guard
            !revision.split(separator: "/", omittingEmptySubsequences: false).contains(where: {
                $0.hasPrefix(".") || $0.isEmpty
            })
        else { return nil }
        let reference = model + "/refs/" + revision
        guard FileSystem.exists(reference), !FileSystem.isFolder(reference) else {
            let commits = FileSystem.names(in: model + "/snapshots").filter { $0.hasPrefix(revision) }
            return revision.count >= 7 && commits.count == 1 ? model + "/snapshots/" + commits[0] : nil
        }
        let file = try readWholeFile(reference, limit: 256)
        let commit = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }.filter {
            !$0.isWhitespace
        }
        guard commit.utf8.count == 40, commit.allSatisfy(\.isHexDigit) else {
            throw FileError(.malformed, reference, "does not hold a revision of 40 hexadecimal digits")
        }
        let folder = model + "/snapshots/" + commit
        return FileSystem.isFolder(folder) ? folder : nil
    }

    /// The revisions of a model that are there: named ones, then commits that no name leads to.
    private func revisions(_ model: String) -> [String] {
        let names = FileSystem.names(in: model + "/refs").filter { (try? snapshot(model, $0)) != nil }
        let named = Set(names.compactMap { try? snapshot(model, $0) })
        let commits = FileSystem.names(in: model + "/snapshots").filter { !named.contains(model + "/snapshots/" + $0) }
        return names + commits.map { String($0.prefix(12)) }
    }
}
