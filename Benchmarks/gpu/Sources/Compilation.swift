import CUDA
import Support

/// The kernels through the card's own compiler, without a card.
enum Compilation {
    /// Registers, shared memory and stack of each kernel, as the compiler tells them.
    private struct Use {
        var kernel = ""
        var stack = 0
        var spilled = 0
        var registers = 0
    }

    /// Whether no kernel puts into memory what belongs into registers.
    static func run(_ architectures: [String]) throws -> Bool {
        let compiler = try KernelCompiler(.here())
        say("NVRTC \(compiler.versionText)")
        var isClean = true
        for architecture in architectures.isEmpty ? ["sm_80", "sm_90", "sm_100"] : architectures {
            for source in KernelSource.all {
                let began = MonotonicClock.seconds()
                let result = try compiler.compile(source, for: architecture)
                let uses = uses(result.log)
                let wrong = uses.filter { $0.stack > 0 || $0.spilled > 0 }
                let most = uses.map(\.registers).max() ?? 0
                say(
                    "\(architecture) \(source): \(uses.count) kernels, at most \(most) registers, "
                        + "\(result.module.count >> 10) KB in \(Phrase.seconds(MonotonicClock.seconds() - began))")
                for use in wrong { say("  \(use.kernel): \(use.stack) bytes of stack, \(use.spilled) spilled") }
                isClean = isClean && wrong.isEmpty && !uses.isEmpty
            }
        }
        say(isClean ? "nothing is spilled" : "some kernels spill")
        return isClean
    }

    /// Lines of ptxas: `Function properties for NAME`, then `N bytes stack frame, N bytes spill stores, …`, then
    /// `Used N registers, …`.
    private static func uses(_ log: String) -> [Use] {
        var uses: [Use] = []
        var current = Use()
        for line in log.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if let place = words.firstIndex(of: "properties"), place + 2 < words.count {
                current = Use(kernel: words[place + 2])
            }
            func number(before text: String, _ next: String) -> Int? {
                words.indices.first {
                    $0 > 0 && words[$0] == text && $0 + 1 < words.count && words[$0 + 1].hasPrefix(next)
                }
                .flatMap { Int(words[$0 - 1]) }
            }
            if let stack = number(before: "bytes", "stack") { current.stack = stack }
            if let spilled = number(before: "bytes", "spill") { current.spilled = spilled }
            if let place = words.firstIndex(of: "Used"), place + 1 < words.count, let count = Int(words[place + 1]) {
                current.registers = count
                uses.append(current)
            }
        }
        return uses
    }
}
