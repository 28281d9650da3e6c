import Checkpoints
import Support
import Tensors

extension LanguageModel {
    /// Loads a model from a folder, or by name from the Hugging Face cache; see `Checkpoint`.
    /// - Throws: `FileError`.
    public static func load(from name: String, base: String? = nil) throws -> LanguageModel {
        try LanguageModel(try Checkpoint(name, base: base))
    }

    /// A model as a folder's `config.json` describes it, whose weights have yet to be put in.
    /// - Throws: `FileError`.
    public convenience init(configurationIn folder: String) throws {
        self.init(uninitialized: try ConfigurationReader.read(folder + "/config.json"))
    }

    /// Copies a checkpoint's tensors, as float32, into a new model; plain ones in pieces by all workers.
    /// - Throws: `FileError`, also for a weight that is not a finite number; `Interrupted`.
    public convenience init(
        _ checkpoint: Checkpoint, workers: Workers = .shared, observer: WorkObserver = WorkObserver()
    ) throws {
        self.init(uninitialized: checkpoint.configuration)
        let tensors = checkpoint.tensors
        let size = 1 << 18
        var pieces: [(tensor: Int, range: Range<Int>)] = []
        for (index, (entry, tensor)) in zip(parameters.entries, tensors).enumerated() {
            // A new model is zeros.
            guard let tensor else { continue }
            if !tensor.isPlain {
                try observer.check()
                try parameters.fill(entry.range) { try tensor.copyFloats(into: $0) }
            }
            for start in stride(from: 0, to: entry.range.count, by: size) {
                pieces.append((index, start..<min(start + size, entry.range.count)))
            }
        }
        let areFinite = UnsafeMutableBufferPointer<Bool>.allocate(capacity: pieces.count)
        defer { areFinite.deallocate() }
        nonisolated(unsafe) let flags = areFinite
        // Between two looks at the observer a round of 64 MB.
        let roundCount = 64
        for round in stride(from: 0, to: pieces.count, by: roundCount) {
            try observer.step(round, of: pieces.count)
            workers.share {
                let part = Workers.part($0, of: workers.threadCount, count: min(roundCount, pieces.count - round))
                return round + part.lowerBound..<round + part.upperBound
            } task: { _, piece in
                let (tensor, range) = pieces[piece]
                let start = parameters.entries[tensor].range.lowerBound
                let own = start + range.lowerBound..<start + range.upperBound
                if let source = tensors[tensor], source.isPlain {
                    parameters.fill(own) { target in
                        if let base = target.baseAddress { source.copyPlain(range, to: base) }
                    }
                }
                flags[piece] = parameters.read(own) { HostNumbers.areFinite($0) }
            }
        }
        for (piece, isFinite) in zip(pieces, areFinite) where !isFinite {
            guard let tensor = tensors[piece.tensor] else { continue }
            let values = parameters.values(parameters.entries[piece.tensor].range)
            guard let index = piece.range.first(where: { !values[$0].isFinite }) else { continue }
            throw FileError(
                .malformed, tensor.path, at: tensor.byteOffset,
                "element \(index) of \"\(tensor.name)\" is \(values[index]), not a number to compute with")
        }
    }
}
