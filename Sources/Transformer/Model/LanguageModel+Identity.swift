import Support
import Tensors

extension LanguageModel {
    /// 64 hexadecimal digits that tell this model from every other: equal for equal configurations and bit-equal
    /// weights.
    ///
    /// SHA-256 of the text of `config.json` as `write` makes it, followed, for each parameter in the order of the
    /// layout, by its name, a zero byte, and the SHA-256 of its values as little-endian float32. Parameters are
    /// digested in parallel: a GPT-2 small takes a fifth of a second.
    public func contentHash(workers: Workers = .shared) -> String {
        do { return try contentHash(workers: workers, interrupt: Interrupt()) } catch {
            preconditionFailure("nobody stops it")
        }
    }

    /// The same, which can be given up.
    /// - Throws: `Interrupted`.
    public func contentHash(workers: Workers = .shared, interrupt: Interrupt) throws -> String {
        let entries = parameters.entries
        let digests = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 32 * entries.count)
        defer { digests.deallocate() }
        nonisolated(unsafe) let target = digests.baseAddress!
        // Runs of parameters of about the same size.
        let total = parameters.count
        workers.run { thread in
            for (index, entry) in entries.enumerated() {
                let middle = (entry.range.lowerBound + entry.range.upperBound) / 2
                guard middle * workers.threadCount / max(total, 1) == thread else { continue }
                var hash = SHA256()
                parameters.read(entry.range) { values in
                    for start in stride(from: 0, to: values.count, by: 1 << 22) where !interrupt.isRequested {
                        let piece = values[start..<min(start + (1 << 22), values.count)]
                        hash.update(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: piece)))
                    }
                }
                for (offset, byte) in hash.finalize().enumerated() { target[32 * index + offset] = byte }
            }
        }
        try interrupt.check()
        var hash = SHA256()
        hash.update(JSONWriter.text(ConfigurationWriter(configuration, specialIDs: SpecialIDs()).config))
        for (index, entry) in entries.enumerated() {
            hash.update(entry.name + "\0")
            hash.update(UnsafeRawBufferPointer(start: target + 32 * index, count: 32))
        }
        return hash.finalizeHex()
    }

    /// A copy that reads longer texts. Each new row of GPT-2's position table is a copy of the last one, as the
    /// reference has it (Deng et al. 2024 for 18 × 18 digits and beyond); rotary models have no table and are only
    /// allowed the positions.
    /// - Throws: `PositionExtensionError` for fewer positions than there are, or more than a model can have.
    public func extended(positions: Int) throws -> LanguageModel {
        var longer = configuration
        longer.positionCount = positions
        guard positions >= configuration.positionCount, longer.fault == nil else {
            throw PositionExtensionError(positions: positions, current: configuration.positionCount)
        }
        let other = LanguageModel(uninitialized: longer, executor: parameters.executor)
        for entry in parameters.entries {
            guard let target = other.parameters.layout[entry.name] else { preconditionFailure("\(entry.name) is lost") }
            var values = parameters.values(entry.range)
            // Only the table of positions is longer than it was.
            while values.count < target.range.count { values += values.suffix(configuration.width) }
            other.parameters.put(values, at: target.range.lowerBound)
        }
        return other
    }
}

/// A number of positions that a model cannot be extended to.
public struct PositionExtensionError: Error, Equatable, CustomStringConvertible {
    public let positions: Int
    public let current: Int
    public var description: String { "a model of \(current) positions cannot be extended to \(positions)" }
}
