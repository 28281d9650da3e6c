import Foundation

/// The package's own folder, found from where this file was compiled.
public let packageFolder: URL = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The reference values copied into the project: `Tests/Golden`.
public let goldenFolder: URL = packageFolder.appending(path: "Tests/Golden")

/// `path` inside the folder of shared material beside the checkout (`../shared`), or nil with a printed note where it is absent.
///
/// Tests that read other people's text (data sets, vocabularies) are skipped on a plain clone.
public func sharedMaterial(_ path: String) -> URL? {
    let url = packageFolder.deletingLastPathComponent().appending(path: "shared").appending(path: path)
    if FileManager.default.fileExists(atPath: url.path) { return url }
    print("note: skipped, \(path) is not beside this checkout")
    return nil
}

/// Calls `body` with a new empty folder and removes it afterwards.
public func withTemporaryFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "icot-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
