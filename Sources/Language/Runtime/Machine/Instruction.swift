// What the machine runs. Every function is compiled to instructions over registers: the places of its frame on one
// value stack. Parameters are the first registers, then locals, then intermediate results. `a` is mostly where the
// result goes.

enum Opcode: UInt8 {
    // Moving values: a ← …
    case move  // register b
    case take  // register b, which is left empty
    case constant  // constant b
    case loadGlobal  // global b
    case storeGlobal  // global a ← register b
    case makeBox  // a box that holds register a
    case loadBox  // what the box in register b holds
    case storeBox  // into the box in register a, register b
    case loadCapture  // capture b
    case loadCaptureBox  // what the box in capture b holds
    case storeCaptureBox  // into the box in capture a, register b
    case loadSelf  // the function that runs

    // Arithmetic: a ← b op c; with a number: c is the integer itself
    case add, subtract, multiply, divide, floorDivide, remainder, power
    case addNumber, subtractNumber
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case negate, not
    case appendGlobal  // global a ← global a + register b, in place where it can be
    case push  // register a, a list, gets register b as its last element
    case pushGlobal  // the same with global a

    // Going elsewhere: to instruction a
    case jump
    case jumpBack
    case jumpIfFalse  // register b; c: what the word before it was, for the message
    case jumpIfTrue
    // … unless b op c
    case jumpUnlessEqual, jumpUnlessNotEqual, jumpUnlessLess, jumpUnlessLessOrEqual, jumpUnlessGreater,
        jumpUnlessGreaterOrEqual
    // … unless b op the integer c
    case jumpUnlessEqualNumber, jumpUnlessNotEqualNumber, jumpUnlessLessNumber, jumpUnlessLessOrEqualNumber,
        jumpUnlessGreaterNumber
    case jumpUnlessGreaterOrEqualNumber
    case checkBoolean  // register b must be true or false; c as in jumpIfFalse

    // Loops: registers a (what is walked through, none for whole numbers), a + 1 (next place), a + 2 (end)
    case iterate  // start to walk through register b
    case next  // the next element into register b, or to instruction c

    // Making values: a ← from c registers, starting at b
    case makeList
    case makeRecord  // keys: names of shape list c; values from b
    case makeRange, makeHalfOpenRange  // b, c
    case makePartialRange  // b, c: registers or -1; from closed range only `...` and `..<x`
    case makePartialHalfOpenRange
    case makeText
    case makeChoice  // name b, index in register c or -1
    case makeClosure  // code b

    // Parts
    case index  // register b, position in register c
    case indexMany  // register b and c positions after it
    case field  // register b, name c
    case storePath  // path a, value in register b
    case finishDefinition  // global a ← register b, a definition

    // Calls: callee in register a, arguments after it, the result goes to a
    case call  // b arguments by place, call site c
    case callGlobal  // b arguments by place, global c
    case callCommand  // b arguments, call site c
    case giveBack  // register a
    case giveBackSum  // register b + register c

    // Time
    case clock  // register a ← seconds
    case reportTime  // since register a
    case importFile  // constant a
}

struct Instruction {
    var operation: Opcode
    var a: Int32
    var b: Int32
    var c: Int32

    init(_ operation: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        self.operation = operation
        self.a = Int32(truncatingIfNeeded: a)
        self.b = Int32(truncatingIfNeeded: b)
        self.c = Int32(truncatingIfNeeded: c)
    }
}
