import CKernels
import Glibc
import Synchronization

/// Copies in bfloat16 of matrices that generation reads, a half of their bytes: made when first read, made anew when
/// first read after a change of the weights, given back with them.
///
/// Whatever writes into a storage on behalf of somebody else (`fill`, `copy`, `update` …) says so here; where nothing
/// is kept, which is always so in float32, that costs one look at a flag.
final class RoundedWeights: Sendable {
    static let shared = RoundedWeights()
    /// Columns of a panel: a part of a copy that begins at a multiple of it is a copy of its own.
    static let panelWidth = 32

    private struct Matrix: Hashable {
        let offset: Int
        let inputs: Int
        let outputs: Int
        let isTransposed: Bool
    }

    private struct Copy {
        let pairs: UnsafeMutablePointer<UInt32>
        var isStale = false
    }

    private struct Kept: @unchecked Sendable { var storages: [StorageID: [Matrix: Copy]] = [:] }

    private let kept = Mutex(Kept())
    private let isEmpty = Atomic<Bool>(true)

    /// The copy of W (inputs, outputs), which lies at `place`.
    func matrix(
        _ place: Place, _ factor: ck_factor, inputs: Int, outputs: Int, _ workers: Workers
    ) -> UnsafePointer<UInt32> {
        let key = Matrix(
            offset: place.offset, inputs: inputs, outputs: outputs, isTransposed: factor.transposed == 1)
        let found = kept.withLock { kept in
            nonisolated(unsafe) let factor = factor
            if let copy = kept.storages[place.storage]?[key], !copy.isStale { return UInt(bitPattern: copy.pairs) }
            let pairs =
                kept.storages[place.storage]?[key]?.pairs
                ?? UnsafeMutableRawPointer(allocateFloats(ck_bf16_rounded_size(outputs, inputs) / 4))
                .assumingMemoryBound(to: UInt32.self)
            workers.parts(of: Int(ck_bf16_panels(outputs))) { _, part in
                ck_bf16_round_factor(pairs, factor, outputs, inputs, part.lowerBound, part.upperBound)
            }
            kept.storages[place.storage, default: [:]][key] = Copy(pairs: pairs)
            isEmpty.store(false, ordering: .releasing)
            return UInt(bitPattern: pairs)
        }
        return UnsafePointer(bitPattern: found).unsafelyUnwrapped
    }

    /// Somebody writes there.
    @inline(__always)
    func change(_ place: Place) { if !isEmpty.load(ordering: .acquiring) { note(place.storage) } }

    private func note(_ storage: StorageID) {
        kept.withLock { kept in
            guard let copies = kept.storages[storage] else { return }
            for key in copies.keys { kept.storages[storage]?[key]?.isStale = true }
        }
    }

    /// A storage is given back.
    @inline(__always)
    func forget(_ storage: StorageID) { if !isEmpty.load(ordering: .acquiring) { drop(storage) } }

    private func drop(_ storage: StorageID) {
        kept.withLock { kept in
            for copy in (kept.storages.removeValue(forKey: storage) ?? [:]).values { free(copy.pairs) }
            isEmpty.store(kept.storages.isEmpty, ordering: .releasing)
        }
    }
}
