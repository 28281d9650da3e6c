@testable import Tensors

/// One worker pool for each thread count; tests run at the same time, and a busy pool must be right as well.
let testPools = [1: Workers(threadCount: 1), 2: Workers(threadCount: 2), 3: Workers(threadCount: 3)]

/// What computes in tests of operations; any of them can use the memory of another.
func testExecutor(_ threads: Int) -> any Executor { CPUExecutor(testPools[threads]!) }
