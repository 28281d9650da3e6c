import Support
import Tensors

// The functions of cuBLAS that products need (cublas_v2.h). Each returns 0 or the number of an error.

struct ProductFunctions: Sendable {
    typealias Status = Int32

    var create: @convention(c) (UnsafeMutablePointer<Pointer?>) -> Status
    /// 130002 is 13.0.2.
    var version: @convention(c) (Pointer?, UnsafeMutablePointer<Int32>) -> Status
    var setStream: @convention(c) (Pointer?, Pointer?) -> Status
    var setWorkspace: @convention(c) (Pointer?, UInt, Int) -> Status
    /// Column-major: C (m, n) = α·op(A)·op(B) + β·C; each matrix with its type, then how to compute and by which
    /// algorithm.
    var gemm:
        @convention(c) (
            Pointer?, Int32, Int32, Int32, Int32, Int32, UnsafeRawPointer?, UInt, Int32, Int32, UInt, Int32, Int32,
            UnsafeRawPointer?, UInt, Int32, Int32, Int32, Int32
        ) -> Status

    // cublasLt.h, for products to which something is added.

    var createFused: @convention(c) (UnsafeMutablePointer<Pointer?>) -> Status
    /// What is computed, and in what.
    var createDescription: @convention(c) (UnsafeMutablePointer<Pointer?>, Int32, Int32) -> Status
    var describe: @convention(c) (Pointer?, Int32, UnsafeRawPointer, Int) -> Status
    /// A matrix by columns: its type, rows, columns and how far its columns are from one another.
    var createLayout: @convention(c) (UnsafeMutablePointer<Pointer?>, Int32, UInt64, UInt64, Int64) -> Status
    var createPreference: @convention(c) (UnsafeMutablePointer<Pointer?>) -> Status
    var prefer: @convention(c) (Pointer?, Int32, UnsafeRawPointer, Int) -> Status
    var destroyPreference: @convention(c) (Pointer?) -> Status
    /// The best algorithms, `Algorithm` each, and how many there are.
    var algorithms:
        @convention(c) (
            Pointer?, Pointer?, Pointer?, Pointer?, Pointer?, Pointer?, Pointer?, Int32, UnsafeMutableRawPointer,
            UnsafeMutablePointer<Int32>
        ) -> Status
    /// D = α·op(A)·op(B) + β·C, then what the description says; algorithm, workspace and its size, stream.
    var multiply:
        @convention(c) (
            Pointer?, Pointer?, UnsafeRawPointer, UInt, Pointer?, UInt, Pointer?, UnsafeRawPointer, UInt, Pointer?,
            UInt,
            Pointer?, UnsafeRawPointer, UInt, Int, Pointer?
        ) -> Status

    /// `cublasLtMatmulHeuristicResult_t`, whose first 64 bytes are the algorithm.
    struct Algorithm {
        typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
        var words: Words = (0, 0, 0, 0, 0, 0, 0, 0)
        var workspaceSize = 0
        var state: Int32 = 0
        var waves: Float = 0
        var reserved: (Int32, Int32, Int32, Int32)
    }

    /// `CUBLASLT_MATMUL_DESC_TRANSA`, `…TRANSB`, `…EPILOGUE` and `…BIAS_POINTER`
    static let transposesA: Int32 = 3
    static let transposesB: Int32 = 4
    static let epilogue: Int32 = 7
    static let biasPointer: Int32 = 8
    /// `CUBLASLT_EPILOGUE_BIAS`
    static let addsBias: Int32 = 4
    /// `CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES`, and `…MIN_ALIGNMENT_A_BYTES` with those of B, C and D after it
    static let workspaceMost: Int32 = 1
    static let alignment: Int32 = 5

    /// `CUDA_R_32F`
    static let float32: Int32 = 0
    /// `CUDA_R_16BF`
    static let bfloat16: Int32 = 14
    /// `CUBLAS_COMPUTE_32F` and `CUBLAS_COMPUTE_32F_FAST_TF32`
    static func computation(_ precision: ProductPrecision) -> Int32 { precision == .tf32 ? 77 : 68 }
    /// `CUBLAS_GEMM_DEFAULT`
    static let anyAlgorithm: Int32 = -1
}

extension ProductFunctions {
    init(_ search: LibrarySearch) throws(DeviceFault) {
        // cuBLAS needs the other one itself, and finds it only where the system looks, or where it is open already.
        let fused = try search.open(.products, ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"])
        let library = try search.open(.products, ["libcublas.so.13", "libcublas.so.12", "libcublas.so"])
        self.init(
            create: try library.function("cublasCreate_v2", of: .products),
            version: try library.function("cublasGetVersion_v2", of: .products),
            setStream: try library.function("cublasSetStream_v2", of: .products),
            setWorkspace: try library.function("cublasSetWorkspace_v2", of: .products),
            gemm: try library.function("cublasGemmEx", of: .products),
            createFused: try fused.function("cublasLtCreate", of: .products),
            createDescription: try fused.function("cublasLtMatmulDescCreate", of: .products),
            describe: try fused.function("cublasLtMatmulDescSetAttribute", of: .products),
            createLayout: try fused.function("cublasLtMatrixLayoutCreate", of: .products),
            createPreference: try fused.function("cublasLtMatmulPreferenceCreate", of: .products),
            prefer: try fused.function("cublasLtMatmulPreferenceSetAttribute", of: .products),
            destroyPreference: try fused.function("cublasLtMatmulPreferenceDestroy", of: .products),
            algorithms: try fused.function("cublasLtMatmulAlgoGetHeuristic", of: .products),
            multiply: try fused.function("cublasLtMatmul", of: .products))
    }
}
