import Glibc
import Probing
import Tensors
import Transformer

/// Ways to read a model of twelve layers, each measured in a process of its own: memory that was once taken is not
/// given back.
enum MemoryOfAPass: String, CaseIterable {
    case plain
    case one
    case all

    init?(_ name: String) { self.init(rawValue: name) }

    var words: String {
        switch self {
        case .plain: "  a plain forward"
        case .one: "  one layer read, every position"
        case .all: "  all twelve layers read, every position"
        }
    }

    /// Prints the peak in MiB beyond what there was before the pass.
    func run() throws {
        let scene = try Scene(problems: 2_000, layers: 12, width: 256)
        _ = try scene.model.capture(scene.small, points: [], rows: [0], logits: true)
        let before = peak()
        let positions = scene.everyPosition()
        switch self {
        case .plain:
            let ends = (0..<scene.problems).map { scene.batch.offsets[$0 + 1] - scene.batch.offsets[$0] - 1 }
            _ = try scene.model.hiddenStates(
                scene.batch, at: [.finalNorm], positions: [Position("last", indices: ends)])
        case .one: _ = try scene.model.hiddenStates(scene.batch, at: [.block(6, .residualPost)], positions: positions)
        case .all:
            _ = try scene.model.hiddenStates(
                scene.batch, at: (0..<12).map { .block($0, .residualPost) }, positions: positions)
        }
        print(peak() - before)
    }

    /// What a process of its own prints; nil where it cannot be started.
    func measured() -> String? {
        guard let pipe = popen("'\(CommandLine.arguments[0])' \(rawValue)", "r") else { return nil }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, 63, pipe) != nil else { return nil }
        return String(decoding: line.prefix { $0 > 0x20 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func peak() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }
}
