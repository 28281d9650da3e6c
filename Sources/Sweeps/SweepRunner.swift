// Runs points side by side, each in a process with a core of its own, until none is left or a stop is asked for.

import Glibc
import Support

/// What a listener hears while points run.
public enum SweepEvent {
    case started(SweepPoint)
    case progress(SweepPoint, String)
    case ended(SweepPoint, PointState)
    /// It left no result, so it is missing as before.
    case died(SweepPoint, PointDeath, lastWords: [String])
    /// Another could begin, but for memory.
    case waiting
    /// Some time has passed.
    case tick
}

public struct SweepRunner {
    /// A point that is asked to stop has so many seconds, then it is ended.
    private static let patience = 10.0

    public let folder: SweepFolder
    public var program: String
    /// What the program is called with for a point.
    public var arguments: (SweepPoint) -> [String]
    /// How many at a time.
    public var slots: Int
    /// The core of each slot; none is pinned where there are more slots than cores.
    public var cores: [Int]
    public var onEvent: (SweepEvent) -> Void = { _ in }

    public init(
        _ folder: SweepFolder, program: String, slots: Int, cores: [Int], arguments: @escaping (SweepPoint) -> [String]
    ) {
        (self.folder, self.program, self.slots, self.arguments) = (folder, program, slots, arguments)
        self.cores = slots <= cores.count ? cores : []
    }

    /// One thread a point, whatever this process has: side by side they use all cores, and their bits are those of a
    /// run alone with one thread.
    private static let variables = ["ICOT_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"]

    /// Runs points in their order. Must be called from the thread that lives as long as the process.
    /// - Returns: those whose process died without a result.
    /// - Throws: `FileError` where one cannot be started; those that run are ended.
    public func run(_ points: [SweepPoint], interrupt: Interrupt) throws -> [SweepPoint] {
        var waiting = points[...]
        var running: [PointProcess] = []
        var died: [SweepPoint] = []
        var forecast = SweepFolder.forecast(folder.sweep, in: folder.path)
        var deadline: Double?
        var isShort = false
        defer {
            for process in running {
                process.signal(SIGKILL)
                while process.reap() == nil { usleep(1000) }
            }
        }
        while !running.isEmpty || !waiting.isEmpty {
            if interrupt.isRequested, deadline == nil {
                deadline = MonotonicClock.seconds() + Self.patience
                waiting = []
                for process in running { process.signal(SIGINT) }
            }
            if let limit = deadline, MonotonicClock.seconds() > limit {
                for process in running { process.signal(SIGKILL) }
                deadline = .infinity
            }
            while running.count < slots, let point = waiting.first {
                let memory = running.map { $0.memory() }
                let peak = running.map(\.peak).max() ?? 0
                guard forecast.allows(oneMoreBeside: memory, peak: peak, free: FreeMemory.bytes) else {
                    if !isShort { onEvent(.waiting) }
                    isShort = true
                    break
                }
                waiting.removeFirst()
                isShort = false
                running.append(try start(point, beside: running))
                onEvent(.started(point))
            }
            wait(running)
            onEvent(.tick)
            for process in running {
                if let line = process.takeReport() { onEvent(.progress(process.point, line)) }
            }
            for process in running {
                guard let death = process.reap() else { continue }
                running.removeAll { $0 === process }
                let state = folder.state(of: process.point)
                if let result = state.result {
                    forecast.note(memory: result.peakBytes)
                    onEvent(.ended(process.point, state))
                } else if deadline == nil {
                    died.append(process.point)
                    let place = Sweep.folder(of: process.point.name, in: folder.path)
                    onEvent(.died(process.point, death, lastWords: PointFolder.tail(of: place, count: 3)))
                }
            }
        }
        return died
    }

    private func start(_ point: SweepPoint, beside running: [PointProcess]) throws -> PointProcess {
        let slot = (0..<slots).first { slot in !running.contains { $0.slot == slot } } ?? 0
        return try PointProcess(
            point, in: Sweep.folder(of: point.name, in: folder.path), program: program, arguments: arguments(point),
            variables: Self.variables, core: cores.isEmpty ? nil : cores[slot], slot: slot)
    }

    /// Until one of them says something or ends, or a tenth of a second has passed.
    private func wait(_ running: [PointProcess]) {
        var watched = running.map { pollfd(fd: $0.report, events: Int16(POLLIN), revents: 0) }
        poll(&watched, nfds_t(watched.count), 100)
        // One that has closed its end is about to be gone; its status comes a moment after.
        if watched.contains(where: { $0.revents & Int16(POLLHUP) != 0 && $0.revents & Int16(POLLIN) == 0 }) {
            usleep(500)
        }
    }
}
