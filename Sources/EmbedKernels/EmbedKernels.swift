import Foundation
import PackagePlugin

/// Turns the kernels of a graphics card into one generated Swift file: they stay files to be read and tested as they
/// are, and travel inside the binary as text, which the card's own compiler takes.
@main
struct EmbedKernels: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = target.directoryURL.resolvingSymlinksInPath()
        let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
        let kernels = paths.compactMap { $0 as? URL }.filter { $0.pathExtension == "cu" }.sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedKernels.swift")
        return [
            .buildCommand(
                displayName: "Embedding the kernels",
                executable: try context.tool(named: "embed-stdlib").url,
                arguments: [output.path, "embeddedKernels", folder.path] + kernels.map(\.path),
                inputFiles: kernels,
                outputFiles: [output])
        ]
    }
}
