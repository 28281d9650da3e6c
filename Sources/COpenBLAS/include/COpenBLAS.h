// OpenBLAS, opened at run time: the program starts without it, and quicker for that, and runs where there is none with
// loops of its own (`MatrixProduct`, `DenseAlgebra`).
//
// The functions are those of cblas.h and of LAPACK, which is inside OpenBLAS though no header declares it: there
// matrices are column-major, every argument is passed by address, and the trailing lengths belong to the character
// arguments, as gfortran expects them. Integers are 32 bits wide in the library that is opened (libopenblas.so.0; that
// with 64 bits has another name).
#ifndef COPENBLAS_H
#define COPENBLAS_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t blasint;

/// cblas.h's own numbers.
enum {
    OB_ROW_MAJOR = 101,
    OB_COLUMN_MAJOR = 102,
    OB_NO_TRANSPOSE = 111,
    OB_TRANSPOSE = 112,
    OB_LOWER = 122,
    OB_NON_UNIT = 131,
    OB_RIGHT = 142,
};

#pragma clang assume_nonnull begin

struct openblas {
    void (*_Nonnull set_num_threads)(int threads);
    char *_Nullable (*_Nonnull get_corename)(void);
    char *_Nullable (*_Nonnull get_config)(void);

    /// C (m, n) = alpha · A (m, k) · B (k, n) + beta · C.
    void (*_Nonnull sgemm)(
        int order, int transpose_a, int transpose_b, blasint m, blasint n, blasint k, float alpha, const float *a,
        blasint lda, const float *b, blasint ldb, float beta, float *c, blasint ldc);
    void (*_Nonnull dgemm)(
        int order, int transpose_a, int transpose_b, blasint m, blasint n, blasint k, double alpha, const double *a,
        blasint lda, const double *b, blasint ldb, double beta, double *c, blasint ldc);
    /// One triangle of C (n, n) = alpha · A·Aᵀ (or Aᵀ·A) + beta · C.
    void (*_Nonnull dsyrk)(
        int order, int triangle, int transpose, blasint n, blasint k, double alpha, const double *a, blasint lda,
        double beta, double *c, blasint ldc);
    /// B (m, n) becomes alpha · B·A⁻¹ for a triangular A on its right.
    void (*_Nonnull dtrsm)(
        int order, int side, int triangle, int transpose, int diagonal, blasint m, blasint n, double alpha,
        const double *a, blasint lda, double *b, blasint ldb);
    /// B (m, n) becomes alpha · B·A for a triangular A on its right.
    void (*_Nonnull dtrmm)(
        int order, int side, int triangle, int transpose, int diagonal, blasint m, blasint n, double alpha,
        const double *a, blasint lda, double *b, blasint ldb);

    /// The Cholesky factor of a symmetric positive definite A, in place.
    void (*_Nonnull dpotrf)(
        const char *triangle, const blasint *n, double *a, const blasint *lda, blasint *info, size_t triangle_length);
    /// Solves A·X = B with the factor that dpotrf left.
    void (*_Nonnull dpotrs)(
        const char *triangle, const blasint *n, const blasint *nrhs, const double *a, const blasint *lda, double *b,
        const blasint *ldb, blasint *info, size_t triangle_length);
    /// Eigenvalues w, ascending, and eigenvectors (columns, in place of A) of a symmetric A.
    void (*_Nonnull dsyevd)(
        const char *job, const char *triangle, const blasint *n, double *a, const blasint *lda, double *w, double *work,
        const blasint *lwork, blasint *iwork, const blasint *liwork, blasint *info, size_t job_length,
        size_t triangle_length);
};

/// The library, opened by the first call and set to one thread a call, as the engine's own workers provide the
/// parallelism; NULL where there is none, or where ICOT_BLAS is "own". May be called from any thread.
const struct openblas *_Nullable openblas_library(void);

#pragma clang assume_nonnull end

#endif
