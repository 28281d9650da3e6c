import Foundation
import PackagePlugin

/// Turns every file of `stdlib/` into one generated Swift file, so that the binary runs from any folder.
/// A new or edited script is found by the next build.
@main
struct EmbedStandardLibrary: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        // A checkout may be reached through links, which the enumerator does not follow.
        let folder = context.package.directoryURL.appending(path: "stdlib").resolvingSymlinksInPath()
        let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
        let scripts = paths.compactMap { $0 as? URL }.filter { $0.pathExtension == "icot" }.sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedStandardLibrary.swift")
        return [
            .buildCommand(
                displayName: "Embedding stdlib/",
                executable: try context.tool(named: "embed-stdlib").url,
                arguments: [output.path, "embeddedStandardLibrary", folder.path] + scripts.map(\.path),
                inputFiles: scripts,
                outputFiles: [output])
        ]
    }
}
