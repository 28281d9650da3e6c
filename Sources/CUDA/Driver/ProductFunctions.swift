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
        let library = try search.open(.products, ["libcublas.so.13", "libcublas.so.12", "libcublas.so"])
        self.init(
            create: try library.function("cublasCreate_v2", of: .products),
            version: try library.function("cublasGetVersion_v2", of: .products),
            setStream: try library.function("cublasSetStream_v2", of: .products),
            setWorkspace: try library.function("cublasSetWorkspace_v2", of: .products),
            gemm: try library.function("cublasGemmEx", of: .products))
    }
}
