import CKernels
import COpenBLAS

/// What decides the last bits of a result: under one profile equal runs have equal bits, under another they agree to a
/// tolerance.
public enum NumericProfile {
    /// `f32 Zen v3 2 threads`: number type, OpenBLAS's kernels, the vector level of ours, threads.
    public static var current: String {
        let core = openblas_get_corename().map { String(cString: $0) } ?? "unknown"
        return "f32 \(core) v\(ck_best_level()) \(Workers.shared.threadCount) threads"
    }
}
