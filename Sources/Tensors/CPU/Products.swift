import CKernels

/// The products of one operation as the executor's precision has them: float32 by OpenBLAS or our own kernel, bfloat16
/// by ours (`bfloat16.c`), whose bits depend on neither threads nor how the work is cut.
struct Products {
    /// Where each thread rounds its factors; nil where nothing is rounded.
    private let place: Place?
    private let scratch: UnsafeMutablePointer<Float>?

    static let bytesOfScratch = ck_bf16_scratch()
    private static let stride = bytesOfScratch / MemoryLayout<Float>.stride

    var areRounded: Bool { scratch != nil }
    /// Rows in which the work is cut best.
    var grain: Int { areRounded ? 12 : 8 }

    fileprivate init(_ cpu: CPUExecutor, _ memory: Workspace) {
        place = cpu.precision == .bf16 ? memory.take(Self.stride * cpu.workers.threadCount) : nil
        scratch = place.map { cpu.floats($0) }
    }

    fileprivate func end(_ memory: Workspace) { if let place { memory.giveBack(place) } }

    func scratch(_ thread: Int) -> UnsafeMutableRawPointer? {
        scratch.map { UnsafeMutableRawPointer($0 + thread * Self.stride) }
    }

    /// `MatrixProduct.multiply` on one of the threads.
    @inline(__always)
    func multiply(
        _ thread: Int, _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ a: UnsafePointer<Float>, _ lda: Int,
        _ b: UnsafePointer<Float>, _ ldb: Int, m: Int, n: Int, k: Int, transposeA: Bool = false,
        transposeB: Bool = false, add: UnsafePointer<Float>?, ldadd: Int, bias: UnsafePointer<Float>? = nil
    ) {
        guard let scratch = scratch(thread) else {
            return MatrixProduct.multiply(
                c, ldc, a, lda, b, ldb, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, add: add,
                ldadd: ldadd, bias: bias)
        }
        ck_bf16_product(
            c, ldc, ck_factor(values: a, stride: lda, transposed: transposeA ? 1 : 0),
            ck_factor(values: b, stride: ldb, transposed: transposeB ? 1 : 0), m, n, k, add, ldadd, bias, scratch)
    }

    /// C = A · B, or C += A · B.
    @inline(__always)
    func multiply(
        _ thread: Int, _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ a: UnsafePointer<Float>, _ lda: Int,
        _ b: UnsafePointer<Float>, _ ldb: Int, m: Int, n: Int, k: Int, transposeA: Bool = false,
        transposeB: Bool = false, accumulate: Bool = false
    ) {
        multiply(
            thread, c, ldc, a, lda, b, ldb, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB,
            add: accumulate ? UnsafePointer(c) : nil, ldadd: ldc)
    }
}

extension CPUExecutor {
    /// Calls `body` with what multiplies, whose scratch is the workspace's meanwhile.
    @inline(__always)
    func withProducts(_ memory: Workspace, _ body: (Products) -> Void) {
        let products = Products(self, memory)
        body(products)
        products.end(memory)
    }

    /// y (rows, outputs) = x (rows, inputs) · W + add + bias for the rounded copy of a weight that is kept: of a few
    /// rows, whose work is reading the matrix.
    func applyRounded(
        _ weight: Place, inputs: Int, outputs: Int, isTransposed: Bool, to x: UnsafePointer<Float>, rows: Int,
        _ y: UnsafeMutablePointer<Float>, add: UnsafePointer<Float>?, bias: UnsafePointer<Float>?, _ products: Products
    ) {
        let factor = ck_factor(
            values: floats(weight), stride: isTransposed ? inputs : outputs, transposed: isTransposed ? 1 : 0)
        let kept = RoundedWeights.shared.matrix(weight, factor, inputs: inputs, outputs: outputs, workers)
        let panels = Int(ck_bf16_panels(outputs)), width = RoundedWeights.panelWidth
        func columns(_ thread: Int, _ part: Range<Int>) {
            let first = part.lowerBound * width, end = min(outputs, part.upperBound * width)
            ck_bf16_product_rounded(
                y + first, outputs, ck_factor(values: x, stride: inputs, transposed: 0),
                kept + first * ((inputs + 1) / 2), rows, end - first, inputs, add.map { $0 + first }, outputs,
                bias.map { $0 + first }, products.scratch(thread))
        }
        // One thread for products that are over before a second one has heard of them.
        if rows * inputs * outputs < 1 << 16 {
            columns(0, 0..<panels)
        } else {
            workers.parts(of: panels) { thread, part in columns(thread, part) }
        }
    }
}
