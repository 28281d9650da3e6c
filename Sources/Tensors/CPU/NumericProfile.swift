import CKernels
import COpenBLAS

/// What decides the last bits of a result: under one profile equal runs have equal bits, under another they agree to a
/// tolerance.
enum NumericProfile {
    /// `f32 Zen v3 2 threads`: how products read their factors, OpenBLAS's kernels ("own" where large products are ours
    /// too), the vector level of ours, threads. In bfloat16 OpenBLAS has no part in a model's numbers, but in those of
    /// a probe.
    static func of(_ workers: Workers, _ precision: ProductPrecision) -> String {
        let core =
            openblas_library().map { library in
                library.pointee.get_corename().map { String(cString: $0) } ?? "unknown"
            } ?? "own"
        return "\(precision.rawValue) \(core) v\(ck_best_level()) \(workers.threadCount) threads"
    }

    /// `OpenBLAS 0.3.21`: whose large products they are; nil where they are our own.
    static var library: String? {
        guard let library = openblas_library()?.pointee else { return nil }
        let words = library.get_config().map { String(cString: $0) }?.split(separator: " ") ?? []
        return words.prefix(2).joined(separator: " ")
    }
}
