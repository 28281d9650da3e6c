import Glibc

func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The median and the least of the times of `runs` calls, in seconds, after `warm` calls that do not count. Stops early
/// when `budget` seconds are over.
func measure(
    warm: Int, runs: Int, budget: Double, _ body: () throws -> Void
) rethrows -> (median: Double, least: Double) {
    for _ in 0..<warm { try body() }
    var times: [Double] = []
    let start = seconds()
    while times.count < runs, times.count < 3 || seconds() - start < budget {
        let begin = seconds()
        try body()
        times.append(seconds() - begin)
    }
    times.sort()
    return (times[times.count / 2], times[0])
}

/// The largest resident size of this process so far, in bytes.
func peakResidentBytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) * 1024
}

func rounded(_ value: Double, _ digits: Int) -> String {
    let scale = pow(10, Double(digits))
    let whole = (value * scale).rounded()
    if digits == 0 { return String(Int(whole)) }
    let text = String(Int(whole.magnitude))
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return (whole < 0 ? "-" : "") + padded.dropLast(digits) + "." + padded.suffix(digits)
}
