#include <cblas.h>
#include <stddef.h>

// LAPACK, which is inside OpenBLAS though no header declares it. Matrices are column-major; every argument is passed by
// address. The trailing lengths belong to the character arguments, as gfortran expects them.

/// The Cholesky factor of a symmetric positive definite A, in place.
void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info, size_t uplo_length);
/// Solves A·X = B with the factor that dpotrf left.
void dpotrs_(
    const char *uplo, const blasint *n, const blasint *nrhs, const double *a, const blasint *lda, double *b,
    const blasint *ldb,
    blasint *info, size_t uplo_length);
/// Eigenvalues w, ascending, and eigenvectors (columns, in place of A) of a symmetric A.
void dsyevd_(
    const char *jobz, const char *uplo, const blasint *n, double *a, const blasint *lda, double *w, double *work,
    const blasint *lwork,
    blasint *iwork, const blasint *liwork, blasint *info, size_t jobz_length, size_t uplo_length);
