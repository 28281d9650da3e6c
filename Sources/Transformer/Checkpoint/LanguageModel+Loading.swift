import CKernels
import Checkpoints
import Support
import Tensors

extension LanguageModel {
    /// Loads a model from a folder, or by name from the Hugging Face cache; see `Checkpoint`.
    /// - Throws: `FileError`.
    public static func load(from name: String, base: String? = nil) throws -> LanguageModel {
        try LanguageModel(try Checkpoint(name, base: base))
    }

    /// Copies a checkpoint's tensors, as float32, into a new model; plain ones in pieces by all workers.
    /// - Throws: `FileError`, also for a weight that is not a finite number.
    public convenience init(_ checkpoint: Checkpoint, workers: Workers = .shared) throws {
        self.init(uninitialized: checkpoint.configuration)
        let base = parameters.base
        let tensors = checkpoint.tensors
        let size = 1 << 18
        var pieces: [(tensor: Int, range: Range<Int>)] = []
        for (index, (entry, tensor)) in zip(parameters.entries, tensors).enumerated() {
            if !tensor.isPlain {
                try tensor.copyFloats(into: UnsafeMutableBufferPointer(rebasing: parameters.values[entry.range]))
            }
            for start in stride(from: 0, to: entry.range.count, by: size) {
                pieces.append((index, start..<min(start + size, entry.range.count)))
            }
        }
        let areFinite = UnsafeMutableBufferPointer<Bool>.allocate(capacity: pieces.count)
        defer { areFinite.deallocate() }
        nonisolated(unsafe) let flags = areFinite
        workers.share {
            Workers.part($0, of: workers.threadCount, count: pieces.count)
        } task: { _, piece in
            let (tensor, range) = pieces[piece]
            let target = base + parameters.entries[tensor].range.lowerBound
            if tensors[tensor].isPlain { tensors[tensor].copyPlain(range, to: target + range.lowerBound) }
            flags[piece] = ck_all_finite(target + range.lowerBound, range.count) == 1
        }
        for (piece, isFinite) in zip(pieces, areFinite) where !isFinite {
            let tensor = tensors[piece.tensor]
            let values = UnsafeBufferPointer(rebasing: parameters.values[parameters.entries[piece.tensor].range])
            guard let index = piece.range.first(where: { !values[$0].isFinite }) else { continue }
            throw FileError(
                .malformed, tensor.path, at: tensor.byteOffset,
                "element \(index) of \"\(tensor.name)\" is \(values[index]), not a number to compute with")
        }
    }
}
