import CKernels
import COpenBLAS
import Tensors

/// What OpenBLAS makes of the same products as a training step of this shape: rows (for a weight's gradient its longer
/// side) halved over the threads, one sgemm each, nothing else in between. In floating-point operations a second.
func productCeiling(_ shape: Shape, threads: Int) -> String {
    guard let library = openblas_library()?.pointee else { return "ceiling \(shape.name): there is no OpenBLAS here" }
    let workers = Workers(threadCount: threads)
    let (n, d, targets, v) = (shape.batch * shape.length, shape.width, shape.targets, shape.vocabulary)
    // (rows, inputs, outputs, how often)
    var layers = [
        (n, d, 3 * d, shape.layers), (n, d, d, shape.layers), (n, d, 4 * d, shape.layers), (n, 4 * d, d, shape.layers),
    ]
    layers.append((min(targets, 667), d, v, (targets + 666) / 667))
    var total = 0.0
    var flops = 0.0
    let size = layers.map { max($0.0 * $0.1, $0.0 * $0.2, $0.1 * $0.2) }.max() ?? 0
    let (a, b, c) = (Numbers(size), Numbers(size), Numbers(size))
    for (rows, inputs, outputs, count) in layers {
        // x·W, dy·Wᵀ and xᵀ·dy as (transposed left, transposed right, m, n, k).
        for (ta, tb, m, n, k) in [
            (false, false, rows, outputs, inputs), (false, true, rows, inputs, outputs),
            (true, false, inputs, outputs, rows),
        ] {
            func call() {
                workers.run { thread in
                    let byRows = m >= n
                    let part = Workers.part(thread, of: threads, count: byRows ? m : n, grain: 8)
                    let (i, height) = byRows ? (part.lowerBound, part.count) : (0, m)
                    let (j, width) = byRows ? (0, n) : (part.lowerBound, part.count)
                    if height == 0 || width == 0 { return }
                    library.sgemm(
                        blasint(OB_ROW_MAJOR), blasint(ta ? OB_TRANSPOSE : OB_NO_TRANSPOSE),
                        blasint(tb ? OB_TRANSPOSE : OB_NO_TRANSPOSE), blasint(height), blasint(width), blasint(k),
                        1, a.base + (ta ? i : i * k), blasint(ta ? m : k), b.base + (tb ? j * k : j),
                        blasint(tb ? k : n), 0, c.base + i * n + j,
                        blasint(n))
                }
            }
            let work = 2 * Double(m) * Double(n) * Double(k)
            let time = measure(warm: 1, runs: work > 1e10 ? 3 : 9, budget: 2, call).median
            total += time * Double(count)
            flops += work * Double(count)
        }
    }
    return
        "ceiling \(shape.name) threads=\(threads) sgemm_gflops=\(rounded(flops / total / 1e9, 1)) products_ms=\(rounded(total * 1e3, 2))"
}

/// How fast the threads together read memory that no cache holds, in bytes a second; the best of several passes.
func bandwidthCeiling(threads: Int) -> String {
    let workers = Workers(threadCount: threads)
    let numbers = Numbers(1 << 27)
    let time = measure(warm: 1, runs: 9, budget: 5) {
        workers.parts(of: 1 << 27, grain: 4096) { _, part in
            _ = ck_sum_of_squares(numbers.base + part.lowerBound, part.count)
        }
    }
    let bytes = Double(4 << 27)
    return
        "bandwidth threads=\(threads) gb_per_s=\(rounded(bytes / time.median / 1e9, 2)) best_gb_per_s=\(rounded(bytes / time.least / 1e9, 2))"
}

/// Floats of size one.
final class Numbers {
    let base: UnsafeMutablePointer<Float>

    init(_ count: Int) {
        base = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64).bindMemory(
            to: Float.self, capacity: max(count, 1))
        for index in 0..<count { base[index] = Float(index % 1000) / 500 - 1 }
    }

    deinit { base.deallocate() }
}
