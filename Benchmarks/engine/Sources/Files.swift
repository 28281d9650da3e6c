import Checkpoints
import Glibc
import Support
import Tensors
import Transformer

/// Writes a model of random weights as a folder, for `load` and the peers.
func makeModel(_ shape: Shape, folder: String) throws -> String {
    let model = LanguageModel(shape.configuration, initialization: .gpt2, seed: 1)
    try model.write(to: folder)
    return "made \(folder): \(model.parameterCount) parameters"
}

/// Opening a folder so that every tensor can be read where it lies, and copying it into a model.
func measureLoading(_ folder: String) throws -> String {
    let mapped = try measure(warm: 1, runs: 15, budget: 10) { _ = try Checkpoint(folder) }
    let copied = try measure(warm: 1, runs: 9, budget: 10) { _ = try LanguageModel.load(from: folder) }
    return
        "load mapped_ms=\(rounded(mapped.median * 1e3, 2)) copied_ms=\(rounded(copied.median * 1e3, 1)) best_copied_ms=\(rounded(copied.least * 1e3, 1))"
}

/// Encoding a text file with a folder's tokenizer, line by line, on one thread.
func measureTokenizing(_ folder: String, _ file: String) throws -> String {
    let tokenizer = try TokenizerFolder.load(folder)
    let mapped = try MappedFile(file)
    let bytes = mapped.bytes.assumingMemoryBound(to: UInt8.self)
    var lines: [UnsafeBufferPointer<UInt8>] = []
    var start = 0
    while start < bytes.count {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
        lines.append(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        start = end
    }
    var tokens = 0
    let time = try measure(warm: 1, runs: 15, budget: 5) {
        tokens = 0
        for line in lines { tokens += try tokenizer.encode(line, EncodingOptions()).count }
    }
    return "tokenize mb_per_s=\(rounded(Double(mapped.bytes.count) / time.median / 1e6, 2)) tokens=\(tokens)"
}
