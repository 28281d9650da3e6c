// The machine: one loop over instructions, with all frames on one value stack and no recursion of its own for calls
// of the language. Every place of the stack always holds a value; a frame that ends lets go of its objects.
//
// Interrupts and limits: each turn of a loop and each call takes one unit of fuel, long operations more in
// proportion; when it is used up (every thousand units) the machine looks whether it should stop.

import Support
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// What a caller needs to go on.
struct Frame {
    var instruction: UnsafeMutablePointer<Instruction>
    /// How far after the caller's registers those of the called function begin.
    var distance: Int
    var entry: UnsafeMutablePointer<Closure.Entry>
}

final class Machine {
    unowned let session: Session
    let globals: Globals
    /// After a pointer, so that the loop reads and writes it without the checks that properties of a class have.
    private let state: UnsafeMutablePointer<State>
    /// The first place of the stack that no frame uses, while a command runs.
    private(set) var top = 0
    /// How many loops of the machine lie on the thread's own stack.
    private var entries = 0

    private struct State {
        let stack = ValueStack()
        var frames: UnsafeMutablePointer<Frame>
        var frameCapacity = 256
        var frameCount = 0
        var callsMax = 10_000 { didSet { setEnds() } }
        var fuel = Machine.fuelUnit
        /// Where the stack ends, and how many frames there may be before more room or an error is needed.
        let stackEnd: UnsafeMutablePointer<Value>
        var framesMax = 0

        init() {
            frames = .allocate(capacity: frameCapacity)
            stackEnd = stack.start + stack.count
            setEnds()
        }

        mutating func setEnds() { framesMax = min(frameCapacity, callsMax) }

        mutating func push(_ frame: Frame) {
            (frames + frameCount).initialize(to: frame)
            frameCount &+= 1
        }

        mutating func pop() -> Frame {
            frameCount &-= 1
            return frames[frameCount]
        }
    }

    /// Whether no function is running.
    var isIdle: Bool { entries == 0 }

    static let fuelUnit = 1000
    private var steps = 0
    private var allocated = 0
    private var startedAt = 0.0
    private var residentAtStart = 0

    init(session: Session, globals: Globals) {
        self.session = session
        self.globals = globals
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit {
        state.pointee.stack.deallocate()
        state.pointee.frames.deallocate()
        state.deallocate()
    }

    // MARK: - Running from outside

    /// Runs the code of a statement.
    func run(_ code: Code) throws -> Value { try call(Closure(code, captures: [], defaults: []), []) }

    /// A text begins: its limits count from here.
    func begin() {
        steps = 0
        allocated = 0
        state.pointee.fuel = min(Machine.fuelUnit, session.limits.steps ?? Machine.fuelUnit)
        state.pointee.callsMax = session.limits.callsMax
        startedAt = MonotonicClock.seconds()
        residentAtStart = Machine.residentBytes()
    }

    /// Calls a function with values by place.
    func call(_ function: FunctionObject, _ arguments: [Value]) throws -> Value {
        state.pointee.fuel -= 1
        if state.pointee.fuel <= 0 { try refuel() }
        let base = top
        try reserve(base + arguments.count + 2)
        let stack = state.pointee.stack.start
        defer {
            clear(stack + base, arguments.count + 1)
            top = base
        }
        stack[base] = .object(function)
        for (place, argument) in arguments.enumerated() { stack[base + 1 + place] = argument }
        guard let closure = function as? Closure else {
            guard let command = function as? CommandFunction else { return .none }
            top = base + arguments.count + 1
            return try callCommand(
                command, stack + base, arguments.count, nil, SourceSpan(at: 0), session.currentSource)
        }
        if closure.code.parameterCount != arguments.count || closure.code.placedCount != arguments.count {
            try bind(closure, base, arguments.count, nil)
        }
        guard entries < Limits.reentryMax else {
            throw Fault(
                .stackTooDeep, "verbs and functions nest more than \(Limits.reentryMax) deep", help: "use a loop")
        }
        entries += 1
        defer { entries -= 1 }
        return try execute(closure, base)
    }

    /// Whether a frame that ends at this place has room on the stack.
    private func reserve(_ count: Int) throws {
        guard count <= state.pointee.stack.count else {
            throw Fault(
                .stackTooDeep, "calls are nested too deep",
                help: "use a loop, or look for a def that calls itself without end")
        }
    }

    private func growFrames() {
        let count = state.pointee.frameCapacity
        let bigger = UnsafeMutablePointer<Frame>.allocate(capacity: count * 2)
        bigger.moveInitialize(from: state.pointee.frames, count: count)
        state.pointee.frames.deallocate()
        state.pointee.frames = bigger
        state.pointee.frameCapacity = count * 2
        state.pointee.setEnds()
    }

    /// Room for one more frame and for this many values.
    private func makeRoom(_ count: Int) throws {
        if state.pointee.frameCount >= state.pointee.callsMax {
            throw Fault(
                .stackTooDeep, "more than \(state.pointee.callsMax) calls within calls",
                help: "use a loop, or look for a def that calls itself without end")
        }
        if state.pointee.frameCount == state.pointee.frameCapacity { growFrames() }
        try reserve(count)
    }

    // MARK: - Fuel

    /// Looks whether to stop, and gives new fuel.
    func refuel() throws {
        let given = Machine.fuelUnit
        steps += given - state.pointee.fuel
        state.pointee.fuel = given
        if session.interrupt.isRequested { throw Machine.stopped }
        if let most = session.limits.steps {
            if steps >= most {
                throw Fault(
                    .limitReached, "stopped after \(most) steps",
                    help: "raise the limit, or look for a loop without end")
            }
            state.pointee.fuel = min(given, most - steps)
            steps -= given - state.pointee.fuel
        }
        if let most = session.limits.seconds, MonotonicClock.seconds() - startedAt > most {
            throw Fault(
                .limitReached, "stopped after \(NumberText.real(most)) s",
                help: "raise the limit, or look for a loop without end")
        }
    }

    static let stopped = Fault(.interrupted, "stopped", help: "what was done until here is kept")

    /// Notes that this many bytes are about to be used.
    func use(bytes: Int) throws {
        allocated += bytes
        state.pointee.fuel -= bytes >> 11
        if allocated > Machine.bytesBetweenLooks { try measureMemory(bytes) }
    }

    private static let bytesBetweenLooks = 32 << 20

    private func measureMemory(_ bytes: Int) throws {
        allocated = 0
        let most = session.limits.memoryBytes
        func isTooMuch() -> Bool {
            Machine.residentBytes() - residentAtStart + (bytes > Machine.bytesBetweenLooks ? bytes : 0) > most
        }
        guard bytes > most || isTooMuch() else { return }
        throw Fault(
            .limitReached, "stopped before using more than \(most >> 20) MB",
            help: "raise the limit, or keep less at once")
    }

    /// Runs something of the host: what it takes of the memory for itself is not the language's.
    func hosting<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = Machine.residentBytes()
        defer { residentAtStart += max(0, Machine.residentBytes() - before) }
        return try body()
    }

    /// The memory of the process, from /proc/self/statm; 0 where that cannot be read.
    private static func residentBytes() -> Int {
        let file = open("/proc/self/statm", O_RDONLY)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return 0 }
        let words = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    // MARK: - The loop

    /// Runs a function whose arguments lie bound after `base`; its result is moved out of `base`.
    private func execute(_ closure: Closure, _ base: Int) throws -> Value {
        let state = state
        let bottom = state.pointee.frameCount
        try reserve(base + 1 + closure.code.registerCount)
        var entry = closure.entry
        let stack = state.pointee.stack.start
        var fp = stack + base + 1
        var ip = entry.pointee.start
        let names = globals.table

        while true {
            do {
                while true {
                    let i = ip.pointee
                    ip += 1
                    let a = Int(i.a)
                    let b = Int(i.b)
                    let c = Int(i.c)
                    switch i.operation {
                    case .move: copy(fp + a, from: fp + b)
                    case .take: take(fp + a, from: fp + b)
                    case .constant: copy(fp + a, from: entry.pointee.constants + b)
                    case .loadGlobal:
                        if case .none = names.pointee.values[b] { try checkGlobal(b) }
                        copy(fp + a, from: names.pointee.values + b)
                    case .storeGlobal:
                        if case .object = names.pointee.values[a] {
                            globals.set(a, fp[b], .variable)
                        } else if case .object = fp[b] {
                            globals.set(a, fp[b], .variable)
                        } else if globals.isVariable(a) {
                            (names.pointee.values + a).initialize(to: fp[b])
                            globals.version &+= 1
                        } else {
                            globals.set(a, fp[b], .variable)
                        }
                        if case .object = fp[b] { fp[b] = .none }
                    case .makeBox: fp[a] = .object(Box(fp[a]))
                    case .loadBox: fp[a] = unbox(fp[b])
                    case .storeBox: setBox(fp[a], fp[b])
                    case .loadCapture: copy(fp + a, from: entry.pointee.captures + b)
                    case .loadCaptureBox: fp[a] = unbox(entry.pointee.captures[b])
                    case .storeCaptureBox: setBox(entry.pointee.captures[a], fp[b])
                    case .loadSelf: fp[a] = .object(entry.pointee.closure.takeUnretainedValue())

                    // Arithmetic
                    case .add:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            let (sum, overflow) = x.addingReportingOverflow(y)
                            if !overflow {
                                setInteger(fp + a, sum)
                                continue
                            }
                        }
                        try addSlowly(fp, a, b, c)
                    case .subtract:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            let (difference, overflow) = x.subtractingReportingOverflow(y)
                            if !overflow {
                                setInteger(fp + a, difference)
                                continue
                            }
                        }
                        try operate(.subtract, fp, a, b, c)
                    case .multiply:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            let (product, overflow) = x.multipliedReportingOverflow(by: y)
                            if !overflow {
                                setInteger(fp + a, product)
                                continue
                            }
                        }
                        try operate(.multiply, fp, a, b, c)
                    case .divide: try operate(.divide, fp, a, b, c)
                    case .floorDivide:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c], x >= 0, y > 0 {
                            setInteger(fp + a, x / y)
                            continue
                        }
                        try operate(.floorDivide, fp, a, b, c)
                    case .remainder:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c], x >= 0, y > 0 {
                            setInteger(fp + a, x % y)
                            continue
                        }
                        try operate(.remainder, fp, a, b, c)
                    case .power: try operate(.power, fp, a, b, c)
                    case .addNumber:
                        if case .integer(let x) = fp[b] {
                            let (sum, overflow) = x.addingReportingOverflow(c)
                            if !overflow {
                                setInteger(fp + a, sum)
                                continue
                            }
                        }
                        try operate(.add, fp, a, fp[b], .integer(c))
                    case .subtractNumber:
                        if case .integer(let x) = fp[b] {
                            let (difference, overflow) = x.subtractingReportingOverflow(c)
                            if !overflow {
                                setInteger(fp + a, difference)
                                continue
                            }
                        }
                        try operate(.subtract, fp, a, fp[b], .integer(c))
                    case .equal: fp[a] = .boolean(fp[b] == fp[c])
                    case .notEqual: fp[a] = .boolean(!(fp[b] == fp[c]))
                    case .less: try operate(.less, fp, a, b, c)
                    case .lessOrEqual: try operate(.lessOrEqual, fp, a, b, c)
                    case .greater: try operate(.greater, fp, a, b, c)
                    case .greaterOrEqual: try operate(.greaterOrEqual, fp, a, b, c)
                    case .negate: fp[a] = try Arithmetic.negated(fp[b])
                    case .not:
                        guard case .boolean(let value) = fp[b] else { throw Machine.notBoolean("not", fp[b]) }
                        fp[a] = .boolean(!value)
                    case .appendGlobal:
                        if case .integer(let x) = names.pointee.values[a], case .integer(let y) = fp[b] {
                            let (sum, overflow) = x.addingReportingOverflow(y)
                            if !overflow, globals.isVariable(a) {
                                (names.pointee.values + a).initialize(to: .integer(sum))
                                globals.version &+= 1
                                continue
                            }
                        }
                        if case .none = names.pointee.values[a] { try checkGlobal(a) }
                        try append(fp[b], to: names.pointee.values + a)
                        globals.version &+= 1
                    case .push: try push(fp[b], to: fp + a)
                    case .pushGlobal:
                        if case .none = names.pointee.values[a] { try checkGlobal(a) }
                        try push(fp[b], to: names.pointee.values + a)
                        globals.version &+= 1

                    // Going elsewhere: by an address, since adding a distance to `ip` would be done without a branch,
                    // and the processor could not guess what comes next from which way a condition went.
                    case .jump: ip = entry.pointee.start + a
                    case .jumpBack:
                        ip = entry.pointee.start + a
                        state.pointee.fuel -= 1
                        if state.pointee.fuel <= 0 { try refuel() }
                    case .jumpIfFalse:
                        guard case .boolean(let value) = fp[b] else {
                            throw Machine.notBoolean(Compiler.conditionWords[c], fp[b])
                        }
                        if !value { ip = entry.pointee.start + a }
                    case .jumpIfTrue:
                        guard case .boolean(let value) = fp[b] else {
                            throw Machine.notBoolean(Compiler.conditionWords[c], fp[b])
                        }
                        if value { ip = entry.pointee.start + a }
                    case .checkBoolean:
                        guard case .boolean = fp[b] else { throw Machine.notBoolean(Compiler.conditionWords[c], fp[b]) }
                    case .jumpUnlessEqual:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            if x != y { ip = entry.pointee.start + a }
                        } else if !(fp[b] == fp[c]) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessNotEqual:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            if x == y { ip = entry.pointee.start + a }
                        } else if fp[b] == fp[c] {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessLess:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            if x >= y { ip = entry.pointee.start + a }
                        } else if try !compare(.less, fp[b], fp[c]) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessLessOrEqual:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            if x > y { ip = entry.pointee.start + a }
                        } else if try !compare(.lessOrEqual, fp[b], fp[c]) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessGreater:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            if x <= y { ip = entry.pointee.start + a }
                        } else if try !compare(.greater, fp[b], fp[c]) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessGreaterOrEqual:
                        if case .integer(let x) = fp[b], case .integer(let y) = fp[c] {
                            if x < y { ip = entry.pointee.start + a }
                        } else if try !compare(.greaterOrEqual, fp[b], fp[c]) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessEqualNumber:
                        if case .integer(let x) = fp[b] {
                            if x != c { ip = entry.pointee.start + a }
                        } else if !(fp[b] == .integer(c)) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessNotEqualNumber:
                        if case .integer(let x) = fp[b] {
                            if x == c { ip = entry.pointee.start + a }
                        } else if fp[b] == .integer(c) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessLessNumber:
                        if case .integer(let x) = fp[b] {
                            if x >= c { ip = entry.pointee.start + a }
                        } else if try !compare(.less, fp[b], .integer(c)) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessLessOrEqualNumber:
                        if case .integer(let x) = fp[b] {
                            if x > c { ip = entry.pointee.start + a }
                        } else if try !compare(.lessOrEqual, fp[b], .integer(c)) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessGreaterNumber:
                        if case .integer(let x) = fp[b] {
                            if x <= c { ip = entry.pointee.start + a }
                        } else if try !compare(.greater, fp[b], .integer(c)) {
                            ip = entry.pointee.start + a
                        }
                    case .jumpUnlessGreaterOrEqualNumber:
                        if case .integer(let x) = fp[b] {
                            if x < c { ip = entry.pointee.start + a }
                        } else if try !compare(.greaterOrEqual, fp[b], .integer(c)) {
                            ip = entry.pointee.start + a
                        }

                    // Loops
                    case .iterate: try startWalk(fp + a, fp + b)
                    case .next:
                        let walk = fp + a
                        guard case .integer(let place) = walk[1], case .integer(let end) = walk[2], place < end else {
                            if case .object = walk[0] { walk[0] = .none }
                            ip = entry.pointee.start + c
                            continue
                        }
                        (walk + 1).initialize(to: .integer(place + 1))
                        if case .none = walk[0] {
                            setInteger(fp + b, place)
                        } else {
                            try loadElement(walk[0], place, into: fp + b)
                        }
                        state.pointee.fuel -= 1
                        if state.pointee.fuel <= 0 { try refuel() }

                    // Making values
                    case .makeList: try makeList(fp, a, b, c)
                    case .makeRecord:
                        try makeRecord(
                            fp, a, b, entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.recordKeys[c] })
                    case .makeRange: fp[a] = try range(fp[b], fp[c], isClosed: true)
                    case .makeHalfOpenRange: fp[a] = try range(fp[b], fp[c], isClosed: false)
                    case .makePartialRange:
                        fp[a] = try partialRange(b < 0 ? nil : fp[b], c < 0 ? nil : fp[c], isClosed: true)
                    case .makePartialHalfOpenRange:
                        fp[a] = try partialRange(b < 0 ? nil : fp[b], c < 0 ? nil : fp[c], isClosed: false)
                    case .makeText: try makeText(fp, a, b, c)
                    case .makeChoice:
                        fp[a] = try choice(
                            entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.names[b] }, c < 0 ? nil : fp[c])
                    case .makeClosure: try makeClosure(entry, fp, a, b, c)

                    // Parts
                    case .index:
                        if case .object(let object) = fp[b], case .integer(let place) = fp[c],
                            type(of: object) == ListObject.self
                        {
                            let list = unsafeDowncast(object, to: ListObject.self)
                            if place >= 0, place < list.elements.count {
                                fp[a] = list.elements[place]
                                continue
                            }
                        }
                        fp[a] = try Access.element(fp[b], [fp[c]])
                    case .indexMany:
                        let path = entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.paths[c] }
                        fp[a] = try Access.element(
                            fp[b], ArraySlice(UnsafeBufferPointer(start: fp + path.base, count: path.count)))
                    case .field:
                        fp[a] = try Access.field(
                            fp[b], entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.names[c] })
                    case .storePath:
                        try storePath(entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.paths[a] }, fp, b, entry)
                    case .finishDefinition:
                        globals.set(a, fp[b], .definition)
                        session.noteDefinition(a, fp[b])

                    // Calls
                    case .callGlobal:
                        guard let callee = names.pointee.entries[c], callee.pointee.plainCount == b else {
                            if case .none = names.pointee.values[c] { try checkGlobal(c) }
                            fp[a] = names.pointee.values[c]
                            if let next = try prepareCall(entry, fp, a, b, nil, ip) {
                                state.pointee.push(Frame(instruction: ip, distance: a + 1, entry: entry))
                                fp += a + 1
                                entry = next
                                ip = next.pointee.start
                            }
                            continue
                        }
                        state.pointee.fuel -= 1
                        if state.pointee.fuel <= 0 { try refuel() }
                        if fp + a + 1 + callee.pointee.registerCount > state.pointee.stackEnd
                            || state.pointee.frameCount >= state.pointee.framesMax
                        {
                            try makeRoom(fp - stack + a + 1 + callee.pointee.registerCount)
                        }
                        state.pointee.push(Frame(instruction: ip, distance: a + 1, entry: entry))
                        fp += a + 1
                        entry = callee
                        ip = callee.pointee.start
                    case .call:
                        let site = entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.sites[c] }
                        if let next = try prepareCall(entry, fp, a, b, site, ip) {
                            state.pointee.push(Frame(instruction: ip, distance: a + 1, entry: entry))
                            fp += a + 1
                            entry = next
                            ip = next.pointee.start
                        }
                    case .callCommand: try callCommand(entry, fp, a, b, c, ip)
                    case .giveBack, .giveBackSum:
                        if i.operation == .giveBack {
                            take(fp - 1, from: fp + a)
                        } else if case .integer(let x) = fp[b], case .integer(let y) = fp[c],
                            case let (sum, overflow) = x.addingReportingOverflow(y), !overflow
                        {
                            setInteger(fp - 1, sum)
                        } else {
                            try addSlowly(fp, -1, b, c)
                        }
                        clear(fp, entry.pointee.registerCount)
                        if state.pointee.frameCount == bottom {
                            let given = (fp - 1).move()
                            (fp - 1).initialize(to: .none)
                            return given
                        }
                        let frame = state.pointee.pop()
                        fp -= frame.distance
                        ip = frame.instruction
                        entry = frame.entry

                    // Time
                    case .clock: fp[a] = .real(MonotonicClock.seconds())
                    case .reportTime:
                        if case .real(let start) = fp[a] {
                            session.emit(.timed(seconds: MonotonicClock.seconds() - start))
                        }
                    case .importFile:
                        let saved = top
                        top = fp - stack + entry.pointee.registerCount
                        defer { top = saved }
                        if let path = entry.pointee.constants[a].asText { try session.importFile(path) }
                    }
                }
            } catch {
                // Find who catches it: here, or in one of the frames below that belong to this loop.
                let raised = locate(error, entry, ip)
                while true {
                    let place = ip - entry.pointee.start - 1
                    let handlers = entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.handlers }
                    if raised.canBeCaught, let handler = handlers.first(where: { $0.start <= place && place < $0.end })
                    {
                        fp[handler.register] = .object(ErrorObject(raised.diagnostic, in: raised.source))
                        ip = entry.pointee.start + handler.target
                        break
                    }
                    clear(fp, entry.pointee.registerCount)
                    fp[-1] = .none
                    if state.pointee.frameCount == bottom { throw raised }
                    let frame = state.pointee.pop()
                    fp -= frame.distance
                    ip = frame.instruction
                    entry = frame.entry
                }
            }
        }
    }

    /// The error with its place, if it has none yet.
    private func locate(
        _ error: any Error, _ entry: UnsafeMutablePointer<Closure.Entry>, _ ip: UnsafeMutablePointer<Instruction>
    ) -> Raised {
        if let raised = error as? Raised { return raised }
        let code = entry.pointee.closure._withUnsafeGuaranteedRef { $0.code }
        let place = max(0, ip - code.instructions - 1)
        let span = place < code.spans.count ? code.spans[place] : SourceSpan(at: 0)
        return session.raised(error, at: span, in: code.source)
    }

    // MARK: - Calls

    /// Makes a call ready whose callee lies in register `a`. A function of the language is bound and its entry
    /// returned; a command is run.
    private func prepareCall(
        _ entry: UnsafeMutablePointer<Closure.Entry>, _ fp: UnsafeMutablePointer<Value>, _ a: Int, _ count: Int,
        _ site: CallSite?,
        _ ip: UnsafeMutablePointer<Instruction>
    ) throws -> UnsafeMutablePointer<Closure.Entry>? {
        guard case .object(let object) = fp[a], let function = object as? FunctionObject else {
            let name = site.map(\.name) ?? ""
            throw Fault(
                .runtimeType,
                (name.isEmpty ? "this" : "'\(name)'")
                    + " is \(TypeName.withArticle(fp[a].typeName)) and cannot be called",
                help: "functions are made with def or { x in … }")
        }
        state.pointee.fuel -= 1
        if state.pointee.fuel <= 0 { try refuel() }
        let place = fp - state.pointee.stack.start
        if let closure = function as? Closure {
            try makeRoom(place + a + 1 + max(closure.code.registerCount, count + 1))
            if let site, site.hasPredicate || !site.keyNames.isEmpty {
                throw Fault(.clause(site.hasPredicate ? .where : .by), of: Machine.called(closure, site))
            }
            if closure.code.placedCount != count || closure.code.parameterCount != count || site?.hasLabels == true {
                try bind(closure, place + a, count, site)
            }
            return closure.entry
        }
        guard let command = function as? CommandFunction else { return nil }
        let saved = top
        top = place + entry.pointee.registerCount
        defer { top = saved }
        let code = entry.pointee.closure._withUnsafeGuaranteedRef { $0.code }
        let result = try callCommand(
            command, fp + a, count, site, code.spans[max(0, ip - code.instructions - 1)], code.source)
        fp[a] = result
        return nil
    }

    private func callCommand(
        _ entry: UnsafeMutablePointer<Closure.Entry>, _ fp: UnsafeMutablePointer<Value>, _ a: Int, _ count: Int,
        _ c: Int,
        _ ip: UnsafeMutablePointer<Instruction>
    ) throws {
        let code = entry.pointee.closure._withUnsafeGuaranteedRef { $0.code }
        let site = code.sites[c]
        guard let command = site.command else { return }
        let place = fp - state.pointee.stack.start
        let saved = top
        top = place + entry.pointee.registerCount
        defer { top = saved }
        if let direct = command.command.direct, !site.hasLabels, count == command.placedCount, !site.hasPredicate,
            site.keyNames.isEmpty
        {
            let arguments = UnsafeBufferPointer(start: fp + a + 1, count: count)
            if let result = try direct(arguments) {
                for register in (a + 1)..<(a + 1 + count) { if case .object = fp[register] { fp[register] = .none } }
                fp[a] = result
                return
            }
        }
        let result = try callCommand(
            command, fp + a, count, site, code.spans[max(0, ip - code.instructions - 1)], code.source)
        fp[a] = result
        if session.interrupt.isRequested { throw Machine.stopped }
    }

    static func called(_ function: FunctionObject, _ site: CallSite?) -> String {
        if !function.signature.name.isEmpty { return function.signature.name }
        if let name = site?.name, !name.isEmpty { return name }
        return "this function"
    }

    /// Puts arguments given by place and by label where the parameters are, with defaults for what was left out.
    private func bind(_ closure: Closure, _ base: Int, _ count: Int, _ site: CallSite?) throws {
        try reserve(base + 1 + max(closure.code.registerCount, count + 1))
        let registers = state.pointee.stack.start + base + 1
        var given: [Value] = []
        for place in 0..<count {
            given.append((registers + place).move())
            (registers + place).initialize(to: .none)
        }
        let parameters = closure.signature.parameters
        let name = Machine.called(closure, site)
        var values = [Value?](repeating: nil, count: parameters.count)
        var next = 0
        for (place, value) in given.enumerated() {
            if let label = site?.labels[place] {
                guard let target = parameters.firstIndex(where: { $0.label == label }) else {
                    throw Fault(closure.signature.unknownLabel(label), of: name)
                }
                if values[target] != nil { throw Fault(.repeatedLabel(label), of: name) }
                values[target] = value
            } else {
                guard next < closure.code.placedCount else {
                    throw Fault(.tooManyValues(taken: closure.code.placedCount), of: name, help: "take some away")
                }
                values[next] = value
                next += 1
            }
        }
        for (place, parameter) in parameters.enumerated() {
            if let value = values[place] ?? closure.defaults[place] {
                registers[place] = value
            } else {
                throw Fault(
                    .missing(parameter), of: name,
                    help: "it takes " + parameters.map { $0.label.map { "\($0):" } ?? $0.name }.joined(separator: " "))
            }
        }
    }
}
