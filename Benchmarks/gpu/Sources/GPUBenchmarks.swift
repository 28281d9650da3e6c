// What can only be known on a card: whether its numbers are those of the processor, and how fast it is. README.md
// beside this says how to run it and what it said.
//
//     GPUBenchmarks [cuda:N] [tf32] FOLDER   correctness with the models of FOLDER (Tests/Golden/models), then rates
//     GPUBenchmarks --shape N [tf32]         two training steps of shape N of `Rates`, call by call, for a profiler
//     GPUBenchmarks --host                   what the processor does for each step of a run; needs no card
//     GPUBenchmarks --compile sm_80 …    compiles the kernels for cards that need not be there; fails if one of
//                                        them keeps numbers in memory that belong into registers

import CUDA
import Glibc
import Support
import Tensors

@main
enum GPUBenchmarks {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        do {
            if arguments.first == "--compile" {
                exit(try Compilation.run(Array(arguments.dropFirst())) ? 0 : 1)
            }
            let index = arguments.lazy.compactMap { $0.hasPrefix("cuda:") ? Int($0.dropFirst(5)) : nil }.first ?? 0
            let precision = arguments.lazy.compactMap { ProductPrecision(rawValue: $0) }.first ?? .f32
            if arguments.first == "--host" { return try HostTime.run() }
            if arguments.first == "--shape" {
                let number = arguments.dropFirst().first.flatMap { Int($0) } ?? 0
                return try Rates.steps(of: number, CUDAExecutor(GraphicsCard(index), precision: precision))
            }
            guard let folder = arguments.last, !folder.hasPrefix("cuda"), ProductPrecision(rawValue: folder) == nil
            else {
                say("give the folder of the models to check with: Tests/Golden/models")
                exit(2)
            }
            let card = try GraphicsCard(index)
            say("\(card.name), \(card.architecture), \(card.library), \(precision.rawValue)")
            let executor = try CUDAExecutor(GraphingDevice(card), precision: precision)
            let isRight = try Correctness.run(executor, precision, models: folder)
            // Rates of wrong numbers are none.
            guard isRight else { exit(1) }
            try Rates.run(executor)
        } catch let fault as DeviceFault {
            say("\(fault)" + (fault.help.map { "; \($0)" } ?? ""))
            exit(1)
        } catch {
            say("\(error)")
            exit(1)
        }
    }
}

/// Prints a line now, also where what follows takes minutes.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
