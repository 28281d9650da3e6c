import Glibc
import Support

/// Compiled kernels that are kept from one start to the next, since compiling takes seconds: one file for each text, in
/// `$XDG_CACHE_HOME/icot/kernels` or `~/.cache/icot/kernels`, named by the SHA-256 of all that decides what comes of
/// it: the text, the options, the card's architecture and the compiler's version. In it are the 32 bytes of the
/// module's own SHA-256, then the module: a driver is told no size, and would read beyond one that is cut off. What is
/// not as it was written is made anew; where nothing can be written nothing is kept.
struct KernelCache: Sendable {
    let folder: String

    /// That of this user; nil for one without a home.
    static func here() -> KernelCache? {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        let cache = variable("XDG_CACHE_HOME") ?? variable("HOME").map { $0 + "/.cache" }
        return cache.map { KernelCache(folder: $0 + "/icot/kernels") }
    }

    /// A module is some hundred kilobytes.
    private static let sizeMost = 1 << 26

    func path(_ source: KernelSource, _ architecture: String, _ compilerVersion: String) -> String {
        let parts = [source.text, source.definitions.joined(separator: " "), architecture, compilerVersion]
        // Each with its length, so that no two lists have the same bytes.
        let text = parts.map { "\($0.utf8.count) \($0)" }.joined()
        return "\(folder)/\(SHA256.hex(text)).cubin"
    }

    func read(_ path: String) -> [UInt8]? {
        guard let bytes = try? readBytes(path, limit: Self.sizeMost), bytes.count > Self.digestSize else { return nil }
        let module = Array(bytes.dropFirst(Self.digestSize))
        return Self.digest(module) == Array(bytes.prefix(Self.digestSize)) ? module : nil
    }

    func keep(_ module: [UInt8], at path: String) { try? writeFileAtomically(path, Self.digest(module) + module) }

    private static let digestSize = 32

    private static func digest(_ module: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(module)
        return hash.finalize()
    }
}
