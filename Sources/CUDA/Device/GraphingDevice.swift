import Synchronization
import Tensors

/// A device in front of another one that plays what it is asked for again and again as a graph: a whole training step,
/// or a token, is then one call of the driver in place of hundreds.
///
/// What is asked for between two times that the host looks at results is a passage. A passage that was made before is
/// held back the next time, until the host looks, and played as a graph if it is the same again: the same kernels,
/// grids, places and shapes in the same order. Only numbers such as learning rates and keys of dropout may differ; they
/// are put into the graph. A passage that differs is made call by call, and so are those after it until one is known.
/// The results are those of the calls in either way, to the bit.
///
/// Small pieces of memory that are given back are kept, so that who takes one anew is given the same place.
public final class GraphingDevice: Device {
    private let base: any Device
    /// Passages of fewer calls are not worth a graph.
    private static let callsLeast = 4
    /// Longer ones are played in parts.
    private static let callsMost = 8192
    /// Graphs that are kept: a ragged batch has another for each number of its rows.
    private let graphsMost: Int
    /// Host memory for what is copied in, in bytes; more than that is copied at once.
    private static let stagingSize = 1 << 20
    /// Pieces up to this size are kept when they are given back.
    private static let keptMost = 1 << 16

    /// - Parameter graphsMost: how many are kept.
    public init(_ base: any Device, graphsMost: Int = 256) {
        self.base = base
        self.graphsMost = graphsMost
    }

    private struct Passage {
        var calls: [DeviceCall] = []
        /// All that must be equal for a graph to be played in its place.
        var form: [UInt64] = []
        /// What may differ, and the call that each belongs to.
        var numbers: [UInt64] = []
        var owners: [Int] = []
        var stagedBytes = 0

        var hash: UInt64 {
            form.reduce(0xcbf2_9ce4_8422_2325) { hash, word in
                let mixed = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
                return mixed ^ mixed >> 29
            }
        }

        mutating func removeAll() {
            calls.removeAll(keepingCapacity: true)
            form.removeAll(keepingCapacity: true)
            numbers.removeAll(keepingCapacity: true)
            owners.removeAll(keepingCapacity: true)
            stagedBytes = 0
        }
    }

    private struct Known {
        /// Nil until it has come twice.
        var graph: (any DeviceGraph)?
        /// Whether the device could not make one.
        var isRefused = false
        var form: [UInt64]
        var numbers: [UInt64]
        var lastUse = 0
    }

    private struct State {
        var passage = Passage()
        /// Whether the calls of the passage are held back.
        var isHolding = false
        var known: [UInt64: Known] = [:]
        var uses = 0
        var staging: UnsafeMutableRawBufferPointer?
        /// Whether the device may still read what was staged before this passage.
        var isStagingInUse = false
        /// Pieces that were given back, by their size, and the sizes of those that are out.
        var kept: [Int: [DeviceAddress]] = [:]
        var sizes: [DeviceAddress: Int] = [:]
        var graphLaunches = 0
    }

    // What is in it belongs to whoever holds the lock.
    private struct Guarded: @unchecked Sendable { var state = State() }
    private let guarded = Mutex(Guarded())

    private func locked<R: Sendable>(
        _ body: (inout State) throws(DeviceFault) -> R
    ) throws(DeviceFault) -> R {
        try guarded.withLock { guarded throws(DeviceFault) in try body(&guarded.state) }
    }

    /// How many graphs were played, for those who want to know that any were.
    var graphLaunches: Int { guarded.withLock { $0.state.graphLaunches } }

    public var name: String { base.name }
    public var library: String { base.library }
    public func supports(_ precision: ProductPrecision) -> Bool { base.supports(precision) }
    public func freeBytes() throws(DeviceFault) -> Int { try base.freeBytes() }

    // MARK: Memory

    public func allocate(bytes: Int) throws(DeviceFault) -> DeviceAddress {
        try locked { state throws(DeviceFault) in
            guard bytes <= Self.keptMost else { return try allocateLarge(bytes, &state) }
            // Sizes that others can have too.
            let size = max(256, 1 << (Int.bitWidth - (max(bytes, 1) - 1).leadingZeroBitCount))
            let address =
                if let kept = state.kept[size]?.popLast() { kept } else { try base.allocate(bytes: size) }
            state.sizes[address] = size
            return address
        }
    }

    private func allocateLarge(_ bytes: Int, _ state: inout State) throws(DeviceFault) -> DeviceAddress {
        do {
            return try base.allocate(bytes: bytes)
        } catch {
            guard case .outOfMemory = error, !state.kept.isEmpty || !state.known.isEmpty else { throw error }
            // Graphs and small pieces have memory too.
            try play(&state)
            try base.finish()
            state.known.removeAll()
            for address in state.kept.values.joined() { base.free(address) }
            state.kept.removeAll()
            return try base.allocate(bytes: bytes)
        }
    }

    public func free(_ address: DeviceAddress) {
        // Nobody is there to hear of a fault; the next call has it too.
        try? locked { state throws(DeviceFault) in
            if let size = state.sizes.removeValue(forKey: address) {
                state.kept[size, default: []].append(address)
            } else {
                // What is held back may use it.
                try play(&state)
                base.free(address)
            }
        }
    }

    public func hostMemory(bytes: Int) throws(DeviceFault) -> UnsafeMutableRawBufferPointer {
        try base.hostMemory(bytes: bytes)
    }

    // MARK: Calls

    public func launch(
        _ kernel: Kernel, _ grid: Grid, threads: Int, _ arguments: [KernelArgument]
    ) throws(DeviceFault) {
        try locked { state throws(DeviceFault) in
            let index = state.passage.calls.count
            state.passage.form.append(1)
            state.passage.form.append(kernel.number)
            state.passage.form.append(UInt64(grid.x) << 32 | UInt64(threads))
            state.passage.form.append(UInt64(grid.y) << 32 | UInt64(grid.z))
            for argument in arguments {
                if argument.isNumber {
                    state.passage.numbers.append(argument.slot)
                    state.passage.owners.append(index)
                } else {
                    state.passage.form.append(argument.slot)
                }
            }
            try ask(.launch(kernel, grid, threads: threads, arguments), &state)
        }
    }

    public func multiply(_ product: DeviceProduct) throws(DeviceFault) {
        try locked { state throws(DeviceFault) in
            var bits: UInt64 =
                switch product.precision {
                case .f32: 0
                case .tf32: 1
                case .bf16: 2
                }
            if product.transposesLeft { bits |= 4 }
            if product.transposesRight { bits |= 8 }
            if product.accumulates { bits |= 16 }
            state.passage.form += [
                bits << 3 | 2, UInt64(product.result.bits), UInt64(product.left.bits), UInt64(product.right.bits),
                UInt64(product.bias.bits), UInt64(product.addend.bits), UInt64(product.m), UInt64(product.n),
                UInt64(product.k),
            ]
            try ask(.multiply(product), &state)
        }
    }

    public func clear(_ address: DeviceAddress, bytes: Int) throws(DeviceFault) {
        guard bytes > 0 else { return }
        try locked { state throws(DeviceFault) in
            state.passage.form += [3, UInt64(address.bits), UInt64(bytes)]
            try ask(.clear(address, bytes: bytes), &state)
        }
    }

    public func copy(from source: DeviceAddress, to target: DeviceAddress, bytes: Int) throws(DeviceFault) {
        guard bytes > 0 else { return }
        try locked { state throws(DeviceFault) in
            state.passage.form += [4, UInt64(source.bits), UInt64(target.bits), UInt64(bytes)]
            try ask(.copy(from: source, to: target, bytes: bytes), &state)
        }
    }

    public func copyIn(_ bytes: UnsafeRawBufferPointer, to target: DeviceAddress) throws(DeviceFault) {
        guard !bytes.isEmpty else { return }
        try locked { state throws(DeviceFault) in
            let offset = state.passage.stagedBytes
            guard offset + bytes.count <= Self.stagingSize else {
                try play(&state)
                return try base.copyIn(bytes, to: target)
            }
            state.passage.stagedBytes += (bytes.count + 255) & ~255
            let staging = try staging(&state)
            if state.isStagingInUse {
                try base.finish()
                state.isStagingInUse = false
            }
            UnsafeMutableRawBufferPointer(rebasing: staging[offset..<offset + bytes.count]).copyMemory(from: bytes)
            let source = UInt(bitPattern: staging.baseAddress) + UInt(offset)
            state.passage.form += [5, UInt64(offset), UInt64(target.bits), UInt64(bytes.count)]
            try ask(.copyIn(from: source, to: target, bytes: bytes.count), &state)
        }
    }

    private func staging(_ state: inout State) throws(DeviceFault) -> UnsafeMutableRawBufferPointer {
        if let staging = state.staging { return staging }
        let staging = try base.hostMemory(bytes: Self.stagingSize)
        state.staging = staging
        return staging
    }

    public func copyOut(from source: DeviceAddress, to bytes: UnsafeMutableRawBufferPointer) throws(DeviceFault) {
        // The buffer is the caller's, who waits.
        nonisolated(unsafe) let bytes = bytes
        try locked { state throws(DeviceFault) in
            try play(&state)
            try base.copyOut(from: source, to: bytes)
            state.isStagingInUse = false
        }
    }

    public func finish() throws(DeviceFault) {
        try locked { state throws(DeviceFault) in
            try play(&state)
            try base.finish()
            state.isStagingInUse = false
        }
    }

    public func graph(of calls: [DeviceCall]) throws(DeviceFault) -> any DeviceGraph { try base.graph(of: calls) }

    // MARK: Passages

    /// Notes a call, whose form has been noted, and makes it unless it is held back.
    private func ask(_ call: DeviceCall, _ state: inout State) throws(DeviceFault) {
        state.passage.calls.append(call)
        if !state.isHolding { try base.perform(call) }
        if state.passage.calls.count >= Self.callsMost { try play(&state) }
    }

    /// Ends a passage: what was held back is made.
    private func play(_ state: inout State) throws(DeviceFault) {
        defer {
            if state.passage.stagedBytes > 0 { state.isStagingInUse = true }
            state.passage.removeAll()
        }
        guard state.passage.calls.count >= Self.callsLeast else {
            if state.isHolding { for call in state.passage.calls { try base.perform(call) } }
            return
        }
        let hash = state.passage.hash
        state.uses += 1
        guard var known = state.known[hash], known.form == state.passage.form else {
            if state.isHolding { for call in state.passage.calls { try base.perform(call) } }
            state.isHolding = false
            if state.known.count >= 4 * graphsMost { forget(&state) }
            state.known[hash] = Known(
                graph: nil, form: state.passage.form, numbers: state.passage.numbers, lastUse: state.uses)
            return
        }
        defer { state.known[hash] = known }
        known.lastUse = state.uses
        if let graph = known.graph {
            if state.isHolding {
                try change(&known, graph, state.passage)
                try graph.launch()
                state.graphLaunches += 1
            }
        } else {
            if state.isHolding { for call in state.passage.calls { try base.perform(call) } }
            if !known.isRefused {
                if state.known.values.count(where: { $0.graph != nil }) >= graphsMost { forget(&state) }
                known.graph = try? base.graph(of: state.passage.calls)
                known.isRefused = known.graph == nil
                known.numbers = state.passage.numbers
            }
        }
        // If this one is known the next one is too, it seems.
        state.isHolding = known.graph != nil
    }

    /// Puts the numbers of a passage into its graph.
    private func change(
        _ known: inout Known, _ graph: any DeviceGraph, _ passage: Passage
    ) throws(DeviceFault) {
        var last = -1
        for (index, number) in passage.numbers.enumerated()
        where known.numbers[index] != number && passage.owners[index] != last {
            last = passage.owners[index]
            guard case .launch(_, _, _, let arguments) = passage.calls[last] else { continue }
            try graph.change(last, arguments)
        }
        known.numbers = passage.numbers
    }

    /// Drops the half of what is known that was not used for the longest time.
    private func forget(_ state: inout State) {
        let uses = state.known.values.map(\.lastUse).sorted()
        let middle = uses[uses.count / 2]
        state.known = state.known.filter { $0.value.lastUse > middle }
    }
}
