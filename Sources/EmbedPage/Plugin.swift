import Foundation
import PackagePlugin

/// Turns the scripts, style and frame of a page into one generated Swift file: they stay files to be read and tested as
/// they are, and travel inside the binary.
@main
struct EmbedPage: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = target.directoryURL.resolvingSymlinksInPath()
        let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
        let parts = paths.compactMap { $0 as? URL }.filter { ["js", "css", "html"].contains($0.pathExtension) }
            .sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedPage.swift")
        return [
            .buildCommand(
                displayName: "Embedding the page",
                executable: try context.tool(named: "embed-stdlib").url,
                arguments: [output.path, "embeddedPage", folder.path] + parts.map(\.path),
                inputFiles: parts,
                outputFiles: [output])
        ]
    }
}
