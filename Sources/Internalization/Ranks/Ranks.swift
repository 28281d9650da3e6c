import Communication
import Support
import Synchronization
import Tensors
import Transformer

/// The ranks that train together. Rank 0 is the program; the others hold replicas and do what it says.
public final class Ranks: Sendable {
    public let communicator: any Communicator
    private let state = Mutex(State())
    private let isTalking = Atomic<Bool>(false)

    private struct State {
        var nextID = 0
        /// Replicas that nobody needs any more and that the others have not heard about yet.
        var released: [Int] = []
        var isEnded = false
    }

    public init(_ communicator: any Communicator) { self.communicator = communicator }

    /// How many there are, this one included.
    public var size: Int { communicator.size }

    private static let chosen = Mutex(Ranks(SingleProcess()))

    /// Those of this program: itself alone where nobody started several.
    public static var current: Ranks { chosen.withLock { $0 } }

    public static func choose(_ ranks: Ranks) { chosen.withLock { $0 = ranks } }

    // MARK: Rank 0

    func newID() -> Int {
        state.withLock {
            $0.nextID += 1
            return $0.nextID
        }
    }

    /// A replica that is needed no more; from any thread.
    func release(_ id: Int) { state.withLock { $0.released.append(id) } }

    /// An exchange: what the others are told, and what follows from it.
    func exchange<R>(_ body: () throws -> R) rethrows -> R {
        isTalking.store(true, ordering: .relaxed)
        defer { isTalking.store(false, ordering: .relaxed) }
        let released = state.withLock { state in
            defer { state.released = [] }
            return state.released
        }
        for id in released { tell(.drop(id)) }
        return try body()
    }

    /// Tells the others what to do; within `exchange`.
    func tell(_ command: RankCommand) {
        var words = command.words
        words.withUnsafeMutableBytes { communicator.call($0) }
    }

    /// Lets the others go. In the middle of an exchange they cannot hear it, and all are ended.
    public func end() {
        let isFirst = state.withLock { state in
            defer { state.isEnded = true }
            return !state.isEnded
        }
        guard isFirst else { return }
        if size == 1 { return communicator.end() }
        if isTalking.load(ordering: .relaxed) { return communicator.abort(75) }
        tell(.end)
        communicator.end()
    }

    // MARK: The others

    /// Does what rank 0 says until it says that this is the end.
    /// - Parameter afterUpdate: sees each replica when its weights have changed.
    public func follow() { follow { _, _ in } }

    func follow(afterUpdate: (_ replica: Replica, _ id: Int) -> Void) {
        var replicas: [Int: Replica] = [:]
        var pools: [Int: Workers] = [:]
        while true {
            switch nextCommand() {
            case .begin(let id, let threads, let bytes):
                let pool = pools[threads] ?? Workers(threadCount: threads)
                pools[threads] = pool
                replicas[id] = Replica(
                    LanguageModel(uninitialized: configuration(bytes), executor: CPUExecutor(pool)), workers: pool,
                    hyperparameters: AdamWHyperparameters(), communicator: communicator)
            case .set(let id, let part, let isZero):
                if let set = replicas[id]?.part(part) { receive(set, isZero: isZero) }
            case .pass(let id, let pass, let tokens, let sequences):
                var words = [Int32](
                    repeating: 0, count: RaggedBatch.wordCount(tokens: tokens, sequences: sequences))
                words.withUnsafeMutableBytes { communicator.broadcast($0) }
                do {
                    _ = try replicas[id]?.accumulate(RaggedBatch(words: words, tokens: tokens), pass)
                } catch {
                    preconditionFailure("rank 0 let a batch through that cannot be: \(error)")
                }
            case .update(let id, let update):
                // Where the gradients are not finite nothing is changed here either, and rank 0 says why.
                guard let replica = replicas[id] else { continue }
                _ = try? replica.update(update)
                afterUpdate(replica, id)
            case .compare(let id):
                guard let digest = replicas[id]?.digest else { continue }
                let counts = [Int](repeating: digest.count, count: size)
                digest.withUnsafeBytes { own in
                    communicator.gather(own, counts, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
                }
            case .drop(let id): replicas[id] = nil
            case .end: return communicator.end()
            }
        }
    }

    private func nextCommand() -> RankCommand {
        var words = [UInt64](repeating: 0, count: RankCommand.wordCount)
        words.withUnsafeMutableBytes { communicator.call($0) }
        return RankCommand(words: words)
    }

    private func configuration(_ count: Int) -> ModelConfiguration {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { communicator.broadcast($0) }
        do { return try JSONReader.read(bytes, path: "a model's configuration").decode() } catch {
            preconditionFailure("rank 0 told of a model that cannot be: \(error)")
        }
    }

    private func receive(_ set: ParameterSet, isZero: Bool) {
        if isZero { return set.clear() }
        set.fill(0..<set.count) { communicator.broadcast(UnsafeMutableRawBufferPointer($0)) }
    }
}
