// What the loop of the machine leaves to others: everything that is not a number.

extension Machine {
    @inline(__always)
    func setInteger(_ place: UnsafeMutablePointer<Value>, _ number: Int) {
        if case .object = place.pointee {
            place.pointee = .integer(number)
        } else {
            place.initialize(to: .integer(number))
        }
    }

    /// a ← b. Only objects have to be counted.
    @inline(__always)
    func copy(_ target: UnsafeMutablePointer<Value>, from place: UnsafeMutablePointer<Value>) {
        if case .object = target.pointee {
            target.pointee = place.pointee
        } else if case .object = place.pointee {
            target.initialize(to: place.pointee)
        } else {
            copyBits(target, from: place)
        }
    }

    /// a ← b, which is left without an object.
    @inline(__always)
    func take(_ target: UnsafeMutablePointer<Value>, from place: UnsafeMutablePointer<Value>) {
        if case .object = target.pointee { target.pointee = .none }
        copyBits(target, from: place)
        if case .object = place.pointee { place.initialize(to: .none) }
    }

    /// The payload and the tag one by one, as values are written: a single load of both would have to wait until both
    /// stores have reached the cache.
    @inline(__always)
    private func copyBits(_ target: UnsafeMutablePointer<Value>, from place: UnsafeMutablePointer<Value>) {
        let (target, place) = (UnsafeMutableRawPointer(target), UnsafeRawPointer(place))
        target.storeBytes(of: place.load(as: UInt64.self), as: UInt64.self)
        target.storeBytes(of: place.load(fromByteOffset: 8, as: UInt8.self), toByteOffset: 8, as: UInt8.self)
    }

    @inline(__always)
    func clear(_ registers: UnsafeMutablePointer<Value>, _ count: Int) {
        for place in 0..<count { if case .object = registers[place] { registers[place] = .none } }
    }

    static func notBoolean(_ word: String, _ value: Value) -> Fault {
        Fault(
            .runtimeType, "'\(word)' takes true or false, not \(TypeName.withArticle(value.typeName))",
            help: "compare it: x > 0, x == \"a\"")
    }

    func checkGlobal(_ slot: Int) throws {
        guard globals.isUndefined(slot) else { return }
        // Of a name of a file that was imported, what stands in it.
        let name = globals.names[slot].split(separator: Importer.separator).last.map(String.init) ?? ""
        if name.first == "_" {
            throw Fault(
                .runtimeName, name == "_" ? "there is no result yet" : "there is no result '\(name)'",
                help: "results are numbered as the prompt shows them")
        }
        let near = Suggestions.nearest(
            to: name,
            among: globals.names.filter {
                globals.kind(of: $0) != .undefined && !$0.contains(Importer.separator)
            }
        ).first
        throw Fault(
            .runtimeName, Wording.unknownName(name, near: near),
            help: near.map { "write \($0)" } ?? "write let \(name) = … before it")
    }

    // MARK: - Arithmetic

    func operate(_ operation: BinaryOperator, _ fp: UnsafeMutablePointer<Value>, _ a: Int, _ b: Int, _ c: Int) throws {
        let result = try Arithmetic.apply(operation, fp[b], fp[c])
        if case .object(let object) = result { try noteSize(object) }
        fp[a] = result
    }

    func operate(
        _ operation: BinaryOperator, _ fp: UnsafeMutablePointer<Value>, _ a: Int, _ left: Value, _ right: Value
    ) throws {
        fp[a] = try Arithmetic.apply(operation, left, right)
    }

    func compare(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Bool {
        if case .boolean(let value) = try Arithmetic.apply(operation, left, right) { return value }
        return false
    }

    private func noteSize(_ object: Object) throws {
        switch object {
        case let list as ListObject: try use(bytes: 64 + 16 * list.elements.count)
        case let text as TextObject: try use(bytes: 64 + text.string.utf8.count)
        case let array as ArrayObject: try use(bytes: 64 + 4 * array.values.count)
        case let number as BigIntegerObject: try use(bytes: 64 + number.value.bitCount * 4)
        default: break
        }
    }

    /// a ← b + c; where b is the result register itself it is made longer in place.
    func addSlowly(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ b: Int, _ c: Int) throws {
        if case .real(let x) = fp[b], case .real(let y) = fp[c] {
            fp[a] = .real(x + y)
        } else if a == b, b != c {
            try append(fp[c], to: fp + a)
        } else {
            try operate(.add, fp, a, b, c)
        }
    }

    /// Adds to a text or list in place if nobody else holds it.
    func append(_ value: Value, to place: UnsafeMutablePointer<Value>) throws {
        guard case .object(var object) = place.pointee, case .object(let other) = value else {
            place.pointee = try Arithmetic.apply(.add, place.pointee, value)
            return
        }
        if object is TextObject, let added = other as? TextObject {
            try use(bytes: added.string.utf8.count)
            place.pointee = .none
            if isKnownUniquelyReferenced(&object), let text = object as? TextObject {
                text.append(added.string)
            } else if let text = object as? TextObject {
                try useOrRestore(bytes: text.string.utf8.count, object, place)
                object = TextObject(text.string + added.string)
            }
            place.pointee = .object(object)
        } else if object is ListObject, let added = other as? ListObject, object !== added {
            try object.checkShape(with: value, levels: 0)
            try use(bytes: 16 * added.elements.count)
            place.pointee = .none
            if isKnownUniquelyReferenced(&object), let list = object as? ListObject {
                list.append(contentsOf: added)
            } else if let list = object as? ListObject {
                try useOrRestore(bytes: 16 * list.elements.count, object, place)
                object = ListObject(list.elements + added.elements)
            }
            place.pointee = .object(object)
        } else {
            let result = try Arithmetic.apply(.add, place.pointee, value)
            if case .object(let made) = result { try noteSize(made) }
            place.pointee = result
        }
    }

    private func useOrRestore(bytes: Int, _ object: Object, _ place: UnsafeMutablePointer<Value>) throws {
        do { try use(bytes: bytes) } catch {
            place.pointee = .object(object)
            throw error
        }
    }

    /// `xs = append(xs, value)`
    func push(_ value: Value, to place: UnsafeMutablePointer<Value>) throws {
        try makeList(place)
        try use(bytes: 16)
        // The reference where it lies: a copy of it would be a second one, which is slow to count and makes the list
        // shared.
        let list = UnsafeMutableRawPointer(place).assumingMemoryBound(to: ListObject.self)
        if !isKnownUniquelyReferenced(&list.pointee) {
            try use(bytes: 16 * list.pointee.elements.count)
            list.pointee = ListObject(list.pointee.elements)
        }
        try list.pointee.checkShape(with: value)
        list.pointee.append(value)
    }

    /// A list stays as it is, and a range becomes the list of its numbers.
    private func makeList(_ place: UnsafeMutablePointer<Value>) throws {
        if case .object(let object) = place.pointee, type(of: object) == ListObject.self { return }
        guard let range = place.pointee.asRange else {
            throw Fault(
                .runtimeType, "the first value is a list, not \(TypeName.withArticle(place.pointee.typeName))",
                of: "append",
                help: "start with let xs = []")
        }
        place.pointee = .list(try range.listed())
        try use(bytes: 16 * range.bounds.count)
    }

    // MARK: - Boxes

    func unbox(_ value: Value) -> Value {
        if case .object(let object) = value, let box = object as? Box { return box.value }
        return value
    }

    func setBox(_ place: Value, _ value: Value) {
        guard case .object(let object) = place, let box = object as? Box else { return }
        box.value = value
        if value.nesting >= box.nesting { box.nesting = value.nesting }
    }

    // MARK: - Loops

    /// Registers of a walk: what is walked through (none for whole numbers), the next place, the end.
    func startWalk(_ walk: UnsafeMutablePointer<Value>, _ sequence: UnsafeMutablePointer<Value>) throws {
        guard case .object(let object) = sequence.pointee else { throw notWalkable(sequence.pointee) }
        switch object {
        case let range as RangeObject:
            let bounds = range.bounds
            walk[0] = .none
            walk[1] = .integer(bounds.lowerBound)
            walk[2] = .integer(bounds.upperBound)
        case let text as TextObject:
            let characters = text.string.map { Value.text(String($0)) }
            try use(bytes: 100 * characters.count)
            walk[0] = .list(characters)
            walk[1] = .integer(0)
            walk[2] = .integer(characters.count)
        default:
            guard let count = object.count, !(object is RecordObject) else { throw notWalkable(sequence.pointee) }
            walk[0] = .object(object)
            walk[1] = .integer(0)
            walk[2] = .integer(count)
        }
    }

    private func notWalkable(_ value: Value) -> Fault {
        let help = value.asRecord != nil ? "write keys(r) for its keys" : "write 0..<8, or a list"
        return Fault(.runtimeType, "for cannot go through \(TypeName.withArticle(value.typeName))", help: help)
    }

    func loadElement(_ sequence: Value, _ place: Int, into register: UnsafeMutablePointer<Value>) throws {
        guard case .object(let object) = sequence else { return }
        if type(of: object) == ListObject.self {
            register.pointee = unsafeDowncast(object, to: ListObject.self).elements[place]
        } else {
            register.pointee = try object.element(at: place)
        }
    }

    // MARK: - Making values

    func makeList(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ b: Int, _ count: Int) throws {
        let elements = taken(fp + b, count)
        let list = ListObject(elements)
        try list.checkShape()
        try use(bytes: 96 + 16 * count)
        fp[a] = .object(list)
    }

    private func taken(_ registers: UnsafeMutablePointer<Value>, _ count: Int) -> [Value] {
        [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
            for place in 0..<count {
                (buffer.baseAddress! + place).initialize(to: registers[place])
                if case .object = registers[place] { registers[place] = .none }
            }
            initialized = count
        }
    }

    func makeRecord(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ b: Int, _ keys: [String]) throws {
        let record = RecordObject(keys: keys, values: taken(fp + b, keys.count))
        try record.checkShape()
        try use(bytes: 160 + 16 * keys.count)
        fp[a] = .object(record)
    }

    private func end(_ value: Value) throws -> Int {
        if case .integer(let number) = value { return number }
        throw Fault(
            .runtimeType,
            "a range goes from one whole number to another, not to \(TypeName.withArticle(value.typeName))",
            help: "write 0..<8")
    }

    func range(_ lower: Value, _ upper: Value, isClosed: Bool) throws -> Value {
        let (first, last) = (try end(lower), try end(upper))
        guard last < .max, !last.subtractingReportingOverflow(first).overflow else {
            throw Fault(.runtimeArithmetic, "this range is too long", help: "keep its ends below 2^62")
        }
        return .object(RangeObject(first, last, isClosed: isClosed))
    }

    func partialRange(_ lower: Value?, _ upper: Value?, isClosed: Bool) throws -> Value {
        .object(PartialRange(try lower.map { try end($0) }, try upper.map { try end($0) }, isClosed: isClosed))
    }

    func makeText(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ b: Int, _ count: Int) throws {
        var text = ""
        for place in b..<b + count {
            if case .object(let object) = fp[place], let part = object as? TextObject {
                text += part.string
            } else {
                text += fp[place].text
            }
        }
        try use(bytes: 64 + text.utf8.count)
        for place in b..<b + count { if case .object = fp[place] { fp[place] = .none } }
        fp[a] = .text(text)
    }

    func choice(_ name: String, _ index: Value?) throws -> Value {
        guard let index else { return .choice(name) }
        guard case .integer(let number) = index else {
            throw Fault(
                .runtimeType, ".\(name) is indexed with a whole number, not \(TypeName.withArticle(index.typeName))",
                help: "write .\(name)[0]")
        }
        return .choice(name, number)
    }

    func makeClosure(
        _ entry: UnsafeMutablePointer<Closure.Entry>, _ fp: UnsafeMutablePointer<Value>, _ a: Int, _ b: Int, _ c: Int
    ) throws {
        let code = entry.pointee.closure._withUnsafeGuaranteedRef { $0.code.functions[b] }
        let captures = code.captures.map { source -> Value in
            switch source {
            case .register(let register): fp[register]
            case .capture(let index): entry.pointee.captures[index]
            case .function: .object(entry.pointee.closure.takeUnretainedValue())
            }
        }
        var next = c
        let defaults = code.signature.parameters.map { parameter -> Value? in
            guard c >= 0, parameter.defaultText != nil else { return nil }
            defer { next += 1 }
            return fp[next]
        }
        let closure = Closure(code, captures: captures, defaults: defaults)
        try closure.checkShape()
        try use(bytes: 256)
        fp[a] = .object(closure)
    }

    // MARK: - Assignment to parts

    func storePath(
        _ path: AssignmentPath, _ fp: UnsafeMutablePointer<Value>, _ b: Int,
        _ entry: UnsafeMutablePointer<Closure.Entry>
    ) throws {
        let value = fp[b]
        if case .object = value { fp[b] = .none }
        func store(_ root: inout Value) throws {
            if path.count == 1, path.steps.count == 1, case .integer(let place) = fp[path.base],
                storeElement(value, at: place, in: &root)
            {
                return
            }
            try root.asObject?.checkShape(with: value, levels: path.steps.count)
            try Access.store(
                value, in: &root, path.steps[...],
                ArraySlice(UnsafeBufferPointer(start: fp + path.base, count: path.count)))
        }
        try use(bytes: 16)
        switch path.root {
        case .register(let register): try store(&fp[register])
        case .global(let slot):
            if case .none = globals.values[slot] { try checkGlobal(slot) }
            try store(&globals.values[slot])
            globals.version &+= 1
        case .box(let register): try storeInBox(fp[register], store)
        case .captureBox(let index): try storeInBox(entry.pointee.captures[index], store)
        }
    }

    private func storeInBox(_ place: Value, _ store: (inout Value) throws -> Void) throws {
        guard case .object(let object) = place, let box = object as? Box else { return }
        try store(&box.value)
        box.nesting = max(box.nesting, box.value.nesting)
    }

    /// The common case: an element of a list that nobody else holds.
    private func storeElement(_ value: Value, at place: Int, in root: inout Value) -> Bool {
        guard place >= 0, value.nesting == 0, case .object(var object) = root, type(of: object) == ListObject.self
        else { return false }
        root = .none
        defer { root = .object(object) }
        guard isKnownUniquelyReferenced(&object) else { return false }
        let list = unsafeDowncast(object, to: ListObject.self)
        guard place < list.elements.count else { return false }
        list.withElement(at: place) { $0 = value }
        return true
    }
}
