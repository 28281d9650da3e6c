import ArgumentParser

@main
struct Icot: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "icot", abstract: "Watch a language model learn to stop showing its work.")
}
