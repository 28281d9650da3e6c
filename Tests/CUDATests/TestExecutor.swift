import Tensors
import Transformer

@testable import CUDA

// The tests of `Shared` are those of the processor's executor (links to them): here they run on a card's executor, on
// the host device. What they call a number of threads is the order in which its threads take turns.

func testExecutor(_ order: Int) -> any Executor { hostExecutor(.f32, order: [0, 1, 20_261_127][order - 1]) }

func hostExecutor(_ precision: ProductPrecision, order: UInt32 = 0) -> CUDAExecutor {
    do {
        return try CUDAExecutor(HostDevice(order: order), precision: precision)
    } catch {
        fatalError("the host device can do everything: \(error)")
    }
}

extension LanguageModel {
    /// This model on the card's executor.
    var onTestExecutor: LanguageModel { copy(on: testExecutor(1)) }
}
