// The stack on which the registers of all frames lie. It never moves: addresses for the deepest calls are taken at
// once, and the system gives memory to those that are used.

import Glibc

struct ValueStack {
    let start: UnsafeMutablePointer<Value>
    let count: Int

    /// The most values: a quarter of a gigabyte.
    private static let countMax = 1 << 24
    private static let countMin = 1 << 16

    init() {
        // What the system gives is zero, and zero is a value without an object.
        precondition(
            withUnsafeBytes(of: Value.boolean(false)) { $0.allSatisfy { $0 == 0 } }, "the layout of values has changed")
        var count = ValueStack.countMax
        while true {
            let bytes = count * MemoryLayout<Value>.stride
            let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
            if let memory, memory != MAP_FAILED {
                start = memory.bindMemory(to: Value.self, capacity: count)
                self.count = count
                return
            }
            // A limit on addresses (ulimit -v): less will do.
            count /= 2
            precondition(count >= ValueStack.countMin, "no memory for the stack of the language")
        }
    }

    /// Gives the memory back. Objects must have been let go of before.
    func deallocate() { munmap(start, count * MemoryLayout<Value>.stride) }
}
