// What ranks cost, without a model: the sum of a gradient buffer over all of them, and a word of rank 0. See README.md.
//
//     mpirun -np 2 .build/release/RankBenchmarks

import Communication
import Support

/// The milliseconds of `body`, the median of several times, after one that does not count.
func milliseconds(times: Int, _ body: () -> Void) -> Double {
    body()
    let all = (0..<times).map { _ in
        let start = MonotonicClock.seconds()
        body()
        return 1000 * (MonotonicClock.seconds() - start)
    }
    return all.sorted()[times / 2]
}

func text(_ value: Double, width: Int) -> String {
    let rounded = value < 10 ? (value * 1000).rounded() / 1000 : (value * 10).rounded() / 10
    let text = "\(rounded)"
    return String(repeating: " ", count: max(1, width - text.count)) + text
}

let communicator = try OpenMPI(OpenMPILibrary())
let isFirst = communicator.rank == 0
/// Everybody is here.
func meet() { _ = communicator.gather("here") }

if isFirst { print("\(try OpenMPILibrary().version), \(communicator.size) ranks") }

var words = [UInt64](repeating: 0, count: 24)
let exchange = milliseconds(times: 1001) {
    words.withUnsafeMutableBytes { communicator.call($0) }
    meet()
}
if isFirst {
    print("a word of rank 0 and everybody's answer: \(text(1000 * exchange, width: 0)) µs")
    print("\n       floats         MB  the sum, ms  GB/s sent and got by a rank")
}
// The parity tour's model, icot2L4H-256, GPT-2 small.
for count in [1_000, 100_000, 1_600_000, 12_000_000, 124_439_808] {
    var values = [Float](repeating: Float(communicator.rank + 1), count: count)
    let sum = RankSum(communicator)
    let time = milliseconds(times: count > 50_000_000 ? 5 : 21) {
        values.withUnsafeMutableBufferPointer { sum.sum($0) }
    }
    guard isFirst else { continue }
    let bytes = 4 * Double(count)
    let travelled = 4 * Double(communicator.size - 1) / Double(communicator.size) * bytes
    print(
        text(Double(count), width: 13) + text(bytes / 1e6, width: 11) + text(time, width: 13)
            + text(travelled / time / 1e6, width: 8))
}
communicator.end()
