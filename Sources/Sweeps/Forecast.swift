// What points are likely to take, from those of the same sweep that have ended.

import Support

public struct Forecast: Equatable, Sendable {
    /// How many points this is drawn from; the other numbers are 0 where it is 0.
    public private(set) var sampleCount = 0
    /// Seconds of one, on average.
    public private(set) var seconds = 0.0
    /// Memory of the largest.
    public private(set) var memory = 0
    /// Disk of one, on average.
    public private(set) var disk = 0

    /// What is asked for a point of which nothing is known.
    static let leastMemory = 100_000_000
    static let leastDisk = 1_000_000

    /// - Parameter samples: of each point that has ended: seconds, bytes of memory, bytes in its folder.
    init(_ samples: [(seconds: Double, memory: Int, disk: Int)]) {
        guard !samples.isEmpty else { return }
        sampleCount = samples.count
        seconds = samples.reduce(0) { $0 + $1.seconds } / Double(samples.count)
        memory = samples.map(\.memory).max() ?? 0
        disk = samples.reduce(0) { $0 + $1.disk } / samples.count
    }

    /// Another point has ended.
    mutating func note(memory bytes: Int) { memory = max(memory, bytes) }

    /// How long so many points take, so many at a time.
    public func duration(of count: Int, atATime slots: Int) -> Double {
        count == 0 ? 0 : max(1, Double(count) / Double(max(1, min(slots, count)))) * seconds
    }

    public func disk(of count: Int) -> Int { count * max(disk, Forecast.leastDisk) }
    /// With a tenth more than has been seen.
    var memoryNeeded: Int { max(memory + memory / 10, Forecast.leastMemory) }

    /// Refuses what the machine has no room for.
    /// - Parameters: bytes that are free; nil where nobody says.
    public func check(_ count: Int, in path: String, freeDisk: Int?, freeMemory: Int?) throws {
        guard count > 0 else { return }
        if let freeDisk, freeDisk < disk(of: count) {
            throw SweepFault.disk(path: path, needed: disk(of: count), free: freeDisk)
        }
        if let freeMemory, freeMemory < memoryNeeded {
            throw SweepFault.memory(needed: memoryNeeded, free: freeMemory)
        }
    }

    /// Whether one more point may begin beside those that run.
    /// - Parameter running: bytes of memory of each of them now.
    func allows(oneMoreBeside running: [Int], peak: Int, free: Int?) -> Bool {
        guard !running.isEmpty, let free else { return true }
        let needed = max(memoryNeeded, peak + peak / 10)
        // What those that run have not taken yet is spoken for.
        return free >= needed + running.reduce(0) { $0 + max(0, needed - $1) }
    }
}
