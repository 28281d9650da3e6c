import ArgumentParser
import Commands
import Glibc

/// What every command that runs statements takes.
struct SharedOptions: ParsableArguments {
    @Flag(help: "Results as JSON, one a line; errors as JSON on standard error.")
    var json = false

    @Option(help: ArgumentHelp("Cores to compute on.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Where models are computed: cpu, cuda, cuda:1.", valueName: "name"))
    var device: String?

    @Option(
        help: ArgumentHelp("How products are computed: f32, bf16, on a card also tf32.", valueName: "name"))
    var precision: String?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not a number of cores; give 1 to 1024")
        }
        if let device, EngineDevice(device) == nil {
            throw ValidationError("--device \(device) is no device; write \(EngineDevice.names)")
        }
        if let precision, !EngineDevice.precisions.contains(precision) {
            throw ValidationError("--precision \(precision) is none; write \(EngineDevice.precisionNames)")
        }
        // Where every command finds it (`Host.chooseDevice`), and every process that one starts.
        if let device { setenv("ICOT_DEVICE", device, 1) }
        if let precision { setenv("ICOT_PRECISION", precision, 1) }
    }
}
