import Communication
import Glibc
import Support
import Synchronization
import TestSupport

/// Ranks that are threads of this process, to try with any number of them what ranks do.
final class ThreadRank: Communicator, @unchecked Sendable {
    let rank: Int
    let size: Int
    private let room: Room

    /// Where they meet.
    private final class Room: @unchecked Sendable {
        let barrier: UnsafeMutablePointer<pthread_barrier_t>
        // Each rank writes its own element: memory, because of an array only one may write at a time.
        let places: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>
        let counts: UnsafeMutableBufferPointer<[Int]>
        /// Bytes that each has sent to others.
        let sent: UnsafeMutableBufferPointer<Int>

        init(_ size: Int) {
            barrier = .allocate(capacity: 1)
            pthread_barrier_init(barrier, nil, UInt32(size))
            places = .allocate(capacity: size)
            counts = .allocate(capacity: size)
            sent = .allocate(capacity: size)
            places.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
            counts.initialize(repeating: [])
            sent.initialize(repeating: 0)
        }
        deinit {
            places.deallocate()
            counts.deinitialize().deallocate()
            sent.deallocate()
            pthread_barrier_destroy(barrier)
            barrier.deallocate()
        }
    }

    private init(_ rank: Int, _ size: Int, _ room: Room) { (self.rank, self.size, self.room) = (rank, size, room) }

    /// So many ranks that can talk to each other.
    static func make(_ size: Int) -> [ThreadRank] {
        let room = Room(size)
        return (0..<size).map { ThreadRank($0, size, room) }
    }

    /// Lets `body` run on every rank, and gives what each returns.
    static func run<R: Sendable>(_ size: Int, _ body: @escaping @Sendable (ThreadRank) -> R) -> [R] {
        let results = Mutex([R?](repeating: nil, count: size))
        let ranks = make(size)
        let threads = ranks.map { rank in
            startThread {
                let result = body(rank)
                results.withLock { $0[rank.rank] = result }
            }
        }
        for thread in threads { pthread_join(thread, nil) }
        return results.withLock { $0.compactMap { $0 } }
    }

    var sentBytes: Int { room.sent[rank] }

    private func meet() { pthread_barrier_wait(room.barrier) }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        if rank == 0 { room.places[0] = UnsafeRawBufferPointer(bytes) }
        meet()
        if rank != 0 { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: room.places[0][..<bytes.count])) }
        meet()
    }

    func call(_ bytes: UnsafeMutableRawBufferPointer) { broadcast(bytes) }

    func gather(_ own: UnsafeRawBufferPointer, _ counts: [Int], into all: UnsafeMutableRawBufferPointer) {
        room.places[rank] = own
        meet()
        if rank == 0 {
            var start = 0
            for (rank, count) in counts.enumerated() {
                precondition(
                    room.places[rank].count == count, "rank \(rank) gives \(room.places[rank].count), not \(count)")
                UnsafeMutableRawBufferPointer(rebasing: all[start..<start + count]).copyMemory(from: room.places[rank])
                start += count
            }
        }
        meet()
    }

    func exchange(
        _ source: UnsafeRawBufferPointer, _ sourceCounts: [Int], into target: UnsafeMutableRawBufferPointer,
        _ targetCounts: [Int]
    ) {
        room.places[rank] = source
        room.counts[rank] = sourceCounts
        room.sent[rank] += sourceCounts.enumerated().reduce(0) { $1.offset == rank ? $0 : $0 + $1.element }
        meet()
        var start = 0
        for (other, count) in targetCounts.enumerated() {
            precondition(room.counts[other][rank] == count)
            let from = room.counts[other][..<rank].reduce(0, +)
            UnsafeMutableRawBufferPointer(rebasing: target[start..<start + count]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: room.places[other][from..<from + count]))
            start += count
        }
        meet()
    }

    func share(_ bytes: UnsafeMutableRawBufferPointer, _ counts: [Int]) {
        room.places[rank] = UnsafeRawBufferPointer(bytes)
        room.sent[rank] += (size - 1) * counts[rank]
        meet()
        var start = 0
        for (other, count) in counts.enumerated() {
            if other != rank {
                UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + count]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: room.places[other][start..<start + count]))
            }
            start += count
        }
        meet()
    }

    func end() {}
    func abort(_ status: Int32) { preconditionFailure("ended with \(status)") }
}

/// A thread that runs `body` on a stack of 8 MB.
func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { raw in
            Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    return thread
}
