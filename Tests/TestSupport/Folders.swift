import Foundation

/// The package's own folder, found from where this file was compiled.
public let packageFolder: URL = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The reference values copied into the project: `Tests/Golden`.
public let goldenFolder: URL = packageFolder.appending(path: "Tests/Golden")

/// Small files of the kinds that people really have, made up for the purpose: `Tests/Cases`.
public let casesFolder: URL = packageFolder.appending(path: "Tests/Cases")

/// Other people's text that some tests read (data sets, vocabularies): it is no part of the project and lies in
/// `../shared`.
///
/// A test that needs some of it is skipped where it is absent: `@Test(.enabled(if: Shared.has("data/x"),
/// "\(Shared.reason)"))`.
public enum Shared {
    public static let reason = "other people's text is not beside this checkout (../shared)"

    public static func has(_ paths: String...) -> Bool {
        paths.allSatisfy { FileManager.default.fileExists(atPath: url($0).path) }
    }

    public static func url(_ path: String) -> URL {
        packageFolder.deletingLastPathComponent().appending(path: "shared").appending(path: path)
    }
}

/// Calls `body` with a new empty folder and removes it afterwards.
public func withTemporaryFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "icot-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
