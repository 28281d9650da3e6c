import Glibc
import Tensors

/// What the scripts beside this call; see README.md.
@main struct EngineBenchmarks {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst().filter { !$0.hasPrefix("--") }
        var options: [String: String] = [:]
        for argument in CommandLine.arguments.dropFirst() where argument.hasPrefix("--") {
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
            options[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        func number(_ name: String, _ standard: Int) -> Int { options[name].flatMap { Int($0) } ?? standard }
        guard let verb = arguments.first else { fail("which measurement?") }
        func shape() -> Shape {
            guard arguments.count > 1, var shape = Shape.named(arguments[1]) else {
                fail("shapes are \(Shape.all.map(\.name))")
            }
            shape.batch = number("batch", shape.batch)
            shape.length = number("length", shape.length)
            return shape
        }
        guard let precision = ProductPrecision(rawValue: options["precision"] ?? "f32") else {
            fail("precisions are \(CPUExecutor.precisions.map(\.rawValue))")
        }
        do {
            switch verb {
            case "train":
                print(
                    try measureTraining(
                        shape(), threads: number("threads", 2), runs: number("runs", 25),
                        budget: Double(number("budget", 20)),
                        precision: precision))
            case "decode":
                print(
                    try measureDecoding(
                        shape(), new: number("new", 250), threads: number("threads", 2), runs: number("runs", 7),
                        precision: precision))
            case "evaluate":
                print(
                    try measureEvaluation(
                        shape(), problems: number("problems", 1000), threads: number("threads", 2),
                        precision: precision))
            case "ceiling": print(productCeiling(shape(), threads: number("threads", 2)))
            case "bandwidth": print(bandwidthCeiling(threads: number("threads", 2)))
            case "make" where arguments.count == 3: print(try makeModel(shape(), folder: arguments[2]))
            case "load" where arguments.count == 2: print(try measureLoading(arguments[1]))
            case "tokenize" where arguments.count == 3: print(try measureTokenizing(arguments[1], arguments[2]))
            default: fail("there is no measurement \"\(verb)\" of \(arguments.count - 1) arguments")
            }
        } catch {
            fail("\(error)")
        }
    }

    static func fail(_ message: String) -> Never {
        print("engine-benchmarks: \(message)")
        exit(2)
    }
}
