import CKernels
import Glibc
import Synchronization

/// A pool of threads that runs one parallel region at a time; the caller takes part.
///
/// A training step is hundreds of regions of some microseconds, so a worker that finds nothing to do spins for a moment
/// (a region then starts in under a microsecond) and only after that blocks, so that an idle prompt uses no core and a
/// busy neighbour gets its turn. The caller spins for its workers too, but yields when they are slow: on a machine
/// whose second core is taken by somebody else the worker must first be scheduled.
///
/// Work is cut the same way for a given thread count, whoever executes it: results depend on `threadCount`, never on
/// timing.
public final class Workers: @unchecked Sendable {
    /// The pool that the engine uses: one thread for each core.
    public static let shared = Workers(threadCount: wantedThreadCount)

    /// `ICOT_THREADS` where it is set to a number, else one for each core that the process may run on.
    private static var wantedThreadCount: Int {
        if let text = getenv("ICOT_THREADS"), let count = Int(String(cString: text)), (1...1024).contains(count) {
            return count
        }
        return usableCores
    }

    /// How many cores the process may run on.
    public static var usableCores: Int { Int(ck_usable_cores()) }

    public let threadCount: Int

    private let generation = Atomic<Int>(0)
    private let remaining = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    /// Whether a region is running.
    private let isBusy = Atomic<Bool>(false)
    /// The body of the running region, in memory of its own: all threads read it at the same time.
    private let body: UnsafeMutablePointer<ck_closure>
    /// For `share`: of each thread's run the next task and the end, a cache line each.
    private let counters: UnsafeMutablePointer<Int>
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var threads: [pthread_t] = []

    /// About 50 µs of `pause`.
    private static let spinLimit = 4_000

    public init(threadCount: Int) {
        precondition(threadCount >= 1, "threadCount is \(threadCount)")
        self.threadCount = threadCount
        counters = UnsafeMutableRawPointer(allocateFloats(16 * threadCount)).bindMemory(
            to: Int.self, capacity: 8 * threadCount)
        body = .allocate(capacity: 1)
        body.initialize(to: ck_closure(function: nil, context: nil))
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        // A running worker holds the pool, so this is reached only by pools that never started a thread or were
        // stopped.
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        free(counters)
        body.deallocate()
        mutex.deallocate()
        condition.deallocate()
    }

    /// Ends the threads; the next region starts them again.
    public func stop() {
        guard !threads.isEmpty else { return }
        isStopping.store(true, ordering: .sequentiallyConsistent)
        wake()
        for thread in threads { pthread_join(thread, nil) }
        threads = []
        isStopping.store(false, ordering: .sequentiallyConsistent)
    }

    /// Calls `body(0) … body(threadCount − 1)`, each once, and returns when all have returned. They run at the same
    /// time, or one after another where the pool is busy with a region of another thread, or with the one this is
    /// called from.
    public func run(_ body: (Int) -> Void) {
        guard acquire() else {
            for index in 0..<threadCount { body(index) }
            return
        }
        runAcquired(body)
        isBusy.store(false, ordering: .releasing)
    }

    private func acquire() -> Bool {
        threadCount > 1
            && isBusy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    }

    private func runAcquired(_ body: (Int) -> Void) {
        if threads.isEmpty { start() }
        // Kept as two words: an escaping copy would be an allocation for each of a step's hundreds of regions. The
        // closure lives at least until all threads have returned from it, below.
        keepClosure(self.body, body)
        remaining.store(threadCount - 1, ordering: .relaxed)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake() }
        body(0)
        var spins = 0
        while remaining.load(ordering: .acquiring) > 0 {
            ck_pause()
            spins += 1
            if spins > Self.spinLimit { sched_yield() }
        }
    }

    /// Calls `body` for each part of `0..<count`, cut into `threadCount` nearly equal runs at multiples of `grain`.
    @inline(__always)
    public func parts(of count: Int, grain: Int = 1, _ body: (Int, Range<Int>) -> Void) {
        run { thread in
            let part = Self.part(thread, of: threadCount, count: count, grain: grain)
            if !part.isEmpty { body(thread, part) }
        }
    }

    /// Calls `task` for every number in the runs of all threads. Each thread begins with its own run and then helps
    /// with what is left of the others', so who executes a task depends on timing; a task must write only what is its
    /// own.
    public func share(runs: (Int) -> Range<Int>, task: (_ thread: Int, _ task: Int) -> Void) {
        guard acquire() else {
            for thread in 0..<threadCount { for next in runs(thread) { task(thread, next) } }
            return
        }
        for thread in 0..<threadCount {
            let own = runs(thread)
            counters[8 * thread] = own.lowerBound
            counters[8 * thread + 1] = own.upperBound
        }
        runAcquired { thread in
            for turn in 0..<threadCount {
                let counter = counters + 8 * ((thread + turn) % threadCount)
                while true {
                    let next = ck_take(counter)
                    if next >= counter[1] { break }
                    task(thread, next)
                }
            }
        }
        isBusy.store(false, ordering: .releasing)
    }

    /// Part `index` of `0..<count` cut into `parts` runs at multiples of `grain`.
    public static func part(_ index: Int, of parts: Int, count: Int, grain: Int = 1) -> Range<Int> {
        let units = (count + grain - 1) / grain
        let start = units * index / parts * grain
        let end = units * (index + 1) / parts * grain
        return min(start, count)..<min(end, count)
    }

    // MARK: Threads

    private func start() {
        // The workers must not receive the signals of the program (Ctrl-C is the main thread's).
        var all = sigset_t()
        var old = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &old)
        for index in 1..<threadCount {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(Launch(pool: self, index: index))
            let status = pthread_create(
                &thread, nil,
                { raw in
                    let launch = Unmanaged<Launch>.fromOpaque(raw!).takeRetainedValue()
                    launch.pool.work(launch.index, after: launch.generation)
                    return nil
                }, argument.toOpaque())
            precondition(status == 0, "pthread_create failed with \(status)")
            threads.append(thread)
        }
        pthread_sigmask(SIG_SETMASK, &old, nil)
    }

    private final class Launch {
        let pool: Workers
        let index: Int
        /// The last region that this worker has nothing to do with.
        let generation: Int
        init(pool: Workers, index: Int) {
            self.pool = pool
            self.index = index
            generation = pool.generation.load(ordering: .relaxed)
        }
    }

    private func work(_ index: Int, after generation: Int) {
        var seen = generation
        while true {
            seen = waitForRegion(after: seen)
            if isStopping.load(ordering: .sequentiallyConsistent) { return }
            ck_call_closure(body, index)
            remaining.wrappingSubtract(1, ordering: .releasing)
        }
    }

    /// Returns the generation of the next region, after spinning and then sleeping as long as it takes.
    private func waitForRegion(after seen: Int) -> Int {
        for _ in 0..<Self.spinLimit {
            let now = generation.load(ordering: .acquiring)
            if now != seen || isStopping.load(ordering: .relaxed) { return now }
            ck_pause()
        }
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while generation.load(ordering: .sequentiallyConsistent) == seen
            && !isStopping.load(ordering: .sequentiallyConsistent)
        {
            pthread_cond_wait(condition, mutex)
        }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
        return generation.load(ordering: .acquiring)
    }

    private func wake() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }
}

@_silgen_name("ck_keep_closure")
private func keepClosure(_ target: UnsafeMutablePointer<ck_closure>, _ body: (Int) -> Void)
