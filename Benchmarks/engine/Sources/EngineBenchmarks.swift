import Glibc

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
            guard arguments.count > 1, var shape = Shape.named(arguments[1]) else { fail("shapes are \(Shape.all.map(\.name))") }
            shape.batch = number("batch", shape.batch)
            shape.length = number("length", shape.length)
            return shape
        }
        do {
            switch verb {
            case "train":
                print(try measureTraining(
                    shape(), threads: number("threads", 2), runs: number("runs", 25), budget: Double(number("budget", 20))))
            default: fail("there is no measurement \"\(verb)\"")
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
