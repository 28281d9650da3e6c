import ArgumentParser

/// What every command that runs statements takes.
struct SharedOptions: ParsableArguments {
    @Flag(help: "Results as JSON, one a line; errors as JSON on standard error.")
    var json = false

    @Option(help: ArgumentHelp("Cores to compute on.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not a number of cores; give 1 or more")
        }
    }
}
