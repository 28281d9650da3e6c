import CKernels
import COpenBLAS

/// General matrix products, the large ones by OpenBLAS where there is one, each call on one thread; the engine's own
/// workers provide the parallelism.
///
/// All matrices are row-major. `accumulate` adds to C instead of overwriting it.
public enum MatrixProduct {
    private static let library = openblas_library()?.pointee

    /// Floats of a factor, or of a result that sums over many rows, up to which our own kernel beats OpenBLAS: it packs
    /// only one factor, and panel by panel. Both reach nine tenths of the machine's peak on either side of the border.
    private static let smallSize = 1 << 18

    /// C (m, n) = A (m, k) · B (k, n) + add + bias, with either factor read transposed. `add` is (m, n), its rows
    /// `ldadd` apart, and may be C itself; `bias` is (n).
    public static func multiply(
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>,
        _ ldb: Int,
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, add: UnsafePointer<Float>?,
        ldadd: Int,
        bias: UnsafePointer<Float>? = nil
    ) {
        guard m > 0, n > 0 else { return }
        let isSmall = (transposeA ? m : k) * n <= smallSize
        guard !isSmall, let library else {
            ck_product(
                c, ldc, ck_factor(values: a, stride: lda, transposed: transposeA ? 1 : 0),
                ck_factor(values: b, stride: ldb, transposed: transposeB ? 1 : 0), m, n, k, add, ldadd, bias, CK_FULL)
            return
        }
        if let add, add != UnsafePointer(c) { for i in 0..<m { (c + i * ldc).update(from: add + i * ldadd, count: n) } }
        library.sgemm(
            blasint(OB_ROW_MAJOR), blasint(transposeA ? OB_TRANSPOSE : OB_NO_TRANSPOSE),
            blasint(transposeB ? OB_TRANSPOSE : OB_NO_TRANSPOSE), blasint(m), blasint(n), blasint(k), 1, a,
            blasint(lda),
            b, blasint(ldb), add == nil ? 0 : 1, c, blasint(ldc))
        if let bias { ck_add_bias(c, bias, m, n, ldc) }
    }

    /// C (m, n) = A (m, k) · B (k, n), or C += A · B, with either factor read transposed.
    @inline(__always)
    public static func multiply(
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>,
        _ ldb: Int,
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, accumulate: Bool = false
    ) {
        multiply(
            c, ldc, a, lda, b, ldb, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB,
            add: accumulate ? UnsafePointer(c) : nil, ldadd: ldc)
    }

    /// Rows up to which a product goes through our own row kernels: sgemm reads the weights at a fraction of the
    /// memory's speed when there are few rows.
    public static let fewRows = 4
    /// Weights of a matrix from which few rows read it in one stream for each thread: it is in no cache that matters.
    private static let streamedSize = 1 << 18

    /// Floats of scratch with which `apply` reads a large matrix for few rows at the speed of the memory.
    public static func scratchSize(rows: Int, outputs: Int, workers: Workers) -> Int {
        min(rows, fewRows) * outputs * workers.threadCount
    }

    /// y (rows, outputs) = x (rows, inputs) · w (inputs, outputs) + bias, or y += that, the rows spread over the
    /// workers, or the matrix if there are few rows.
    public static func apply(
        _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, weight w: UnsafePointer<Float>,
        bias: UnsafePointer<Float>?, rows: Int,
        inputs: Int, outputs: Int, accumulate: Bool = false, scratch: UnsafeMutablePointer<Float>? = nil,
        workers: Workers
    ) {
        if rows <= fewRows, inputs * outputs >= streamedSize, let scratch {
            // Each thread reads a run of w's rows from end to end; their sums meet here.
            workers.parts(of: inputs) { thread, part in
                ck_rows_stream(
                    scratch + thread * rows * outputs, outputs, x, inputs, rows, w, outputs, part.lowerBound,
                    part.upperBound)
            }
            for r in 0..<rows {
                let row = y + r * outputs
                if !accumulate { row.update(from: scratch + r * outputs, count: outputs) }
                for thread in (accumulate ? 0 : 1)..<workers.threadCount {
                    ck_add(row, scratch + (thread * rows + r) * outputs, outputs)
                }
                if let bias { ck_add(row, bias, outputs) }
            }
            return
        }
        if rows <= fewRows {
            spread(outputs, work: rows * inputs * outputs, workers) { part in
                for r in 0..<rows {
                    ck_row_product(
                        y + r * outputs, x + r * inputs, w, inputs, outputs, part.lowerBound, part.upperBound,
                        accumulate ? 1 : 0)
                    if let bias { ck_add(y + r * outputs + part.lowerBound, bias + part.lowerBound, part.count) }
                }
            }
            return
        }
        workers.parts(of: rows, grain: 8) { _, part in
            let out = y + part.lowerBound * outputs
            multiply(
                out, outputs, x + part.lowerBound * inputs, inputs, w, outputs, m: part.count, n: outputs, k: inputs,
                add: accumulate ? UnsafePointer(out) : nil, ldadd: outputs, bias: bias)
        }
    }

    /// y (rows, outputs) = x (rows, inputs) · wᵀ for w (outputs, inputs), as a language-model head is stored, or y +=
    /// that.
    public static func applyTransposed(
        _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, weight w: UnsafePointer<Float>, rows: Int,
        inputs: Int, outputs: Int,
        accumulate: Bool = false, workers: Workers
    ) {
        if rows <= fewRows {
            spread(outputs, work: rows * inputs * outputs, workers) { part in
                ck_row_dots(
                    y, outputs, x, inputs, rows, w, inputs, part.lowerBound, part.upperBound, accumulate ? 1 : 0)
            }
        } else if outputs > 8 * rows {
            // A wide head over few rows: cut the vocabulary, so that each half of the weights is read once.
            workers.parts(of: outputs, grain: 64) { _, part in
                multiply(
                    y + part.lowerBound, outputs, x, inputs, w + part.lowerBound * inputs, inputs, m: rows,
                    n: part.count, k: inputs,
                    transposeB: true, accumulate: accumulate)
            }
        } else {
            workers.parts(of: rows, grain: 8) { _, part in
                multiply(
                    y + part.lowerBound * outputs, outputs, x + part.lowerBound * inputs, inputs, w, inputs,
                    m: part.count, n: outputs,
                    k: inputs, transposeB: true, accumulate: accumulate)
            }
        }
    }

    /// One thread for products that are over before a second thread has heard of them.
    private static func spread(_ count: Int, work: Int, _ workers: Workers, _ body: (Range<Int>) -> Void) {
        if work < 1 << 16 { body(0..<count) } else { workers.parts(of: count, grain: 64) { _, part in body(part) } }
    }
}
