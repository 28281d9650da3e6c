// The names of the top level: variables and definitions, each with a slot that never moves while a text runs.
//
// Code has the numbers of its slots, so a slot that code knows is its name's for good. That of a name which no code
// has, such as a result that nobody asked for, goes to another name once it is forgotten: a session that shows a
// million results has as many slots as one that shows fifty.

final class Globals {
    enum Kind { case undefined, variable, definition, library }

    private(set) var names: [String] = []
    private(set) var slots: [String: Int] = [:]
    /// Where the slots lie, which changes as names are added.
    struct Table {
        var values: UnsafeMutablePointer<Value>
        /// For slots that hold a function of the language, what a call needs.
        var entries: UnsafeMutablePointer<UnsafeMutablePointer<Closure.Entry>?>
    }

    /// After a pointer, so that the machine reads it without the checks that properties of a class have.
    let table: UnsafeMutablePointer<Table>
    var values: UnsafeMutablePointer<Value> { table.pointee.values }
    var entries: UnsafeMutablePointer<UnsafeMutablePointer<Closure.Entry>?> { table.pointee.entries }
    private(set) var kinds: [Kind] = []
    /// Whether code has the number of a slot.
    private var isInCode: [Bool] = []
    /// Slots without a name.
    private var free: [Int] = []
    private var capacity = 64
    /// Grows with every change, so that what was derived from the variables can be kept until then.
    var version = 0
    /// Functions that were replaced while they may be running.
    private var retired: [Value] = []

    init() {
        table = .allocate(capacity: 1)
        table.initialize(to: Table(values: .allocate(capacity: capacity), entries: .allocate(capacity: capacity)))
    }

    deinit {
        values.deinitialize(count: names.count)
        values.deallocate()
        entries.deallocate()
        table.deallocate()
    }

    /// The slot of a name for code, which keeps its number.
    func slotInCode(of name: String) -> Int {
        let slot = slot(of: name)
        isInCode[slot] = true
        return slot
    }

    /// The slot of a name until it is forgotten.
    func slot(of name: String) -> Int {
        if let slot = slots[name] { return slot }
        if let slot = free.popLast() {
            names[slot] = name
            slots[name] = slot
            return slot
        }
        if names.count == capacity { grow() }
        let slot = names.count
        names.append(name)
        slots[name] = slot
        kinds.append(.undefined)
        isInCode.append(false)
        (values + slot).initialize(to: .none)
        (entries + slot).initialize(to: nil)
        return slot
    }

    private func grow() {
        let newValues = UnsafeMutablePointer<Value>.allocate(capacity: capacity * 2)
        newValues.moveInitialize(from: values, count: names.count)
        values.deallocate()
        table.pointee.values = newValues
        let newEntries = UnsafeMutablePointer<UnsafeMutablePointer<Closure.Entry>?>.allocate(capacity: capacity * 2)
        newEntries.moveInitialize(from: entries, count: names.count)
        entries.deallocate()
        table.pointee.entries = newEntries
        capacity *= 2
    }

    func kind(of name: String) -> Kind { slots[name].map { kinds[$0] } ?? .undefined }

    func isUndefined(_ slot: Int) -> Bool { kinds[slot] == .undefined }
    func isVariable(_ slot: Int) -> Bool { kinds[slot] == .variable }

    /// The value of a variable or definition; nil where there is none.
    subscript(name: String) -> Value? {
        guard let slot = slots[name], kinds[slot] != .undefined else { return nil }
        return values[slot]
    }

    func set(_ slot: Int, _ value: Value, _ kind: Kind) {
        let old = values[slot]
        if case .object(let object) = old, object is Closure { retired.append(old) }
        values[slot] = value
        if case .object(let object) = value, let closure = object as? Closure {
            entries[slot] = closure.entry
        } else {
            entries[slot] = nil
        }
        if kinds[slot] != kind { kinds[slot] = kind }
        version &+= 1
    }

    /// Takes the value of a name, and its slot where no code has it.
    func forget(_ name: String) {
        guard let slot = slots[name] else { return }
        set(slot, .none, .undefined)
        if isInCode[slot] { return }
        slots[name] = nil
        names[slot] = ""
        free.append(slot)
    }

    /// Nothing runs any more: functions that were replaced may go.
    func settle() { if !retired.isEmpty { retired = [] } }

    // MARK: - Snapshots

    struct Snapshot {
        fileprivate var names: [String]
        fileprivate var values: [Value]
        fileprivate var kinds: [Kind]
    }

    var snapshot: Snapshot {
        Snapshot(
            names: names, values: Array(UnsafeBufferPointer(start: values, count: names.count)), kinds: kinds)
    }

    /// Puts back what a snapshot holds; names that came later have no value.
    func restore(_ snapshot: Snapshot) {
        let then = snapshot.names.indices.filter { snapshot.kinds[$0] != .undefined }
        let names = Set(then.map { snapshot.names[$0] })
        for name in self.names where kind(of: name) != .undefined && !names.contains(name) { forget(name) }
        for slot in then { set(self.slot(of: snapshot.names[slot]), snapshot.values[slot], snapshot.kinds[slot]) }
    }
}
