import Tensors
import Transformer

@testable import CUDA

// The tests of `Shared` are those of the processor's executor (links to them): here they run on a card's executor, on
// the host device. What they call a number of threads is the order in which its threads take turns.

private let executors = [
    1: CUDAExecutor(HostDevice(order: 0)), 2: CUDAExecutor(HostDevice(order: 1)),
    3: CUDAExecutor(HostDevice(order: 20_261_127)),
]

func testExecutor(_ order: Int) -> any Executor { executors[order]! }

extension LanguageModel {
    /// This model on the card's executor.
    var onTestExecutor: LanguageModel { copy(on: testExecutor(1)) }
}
