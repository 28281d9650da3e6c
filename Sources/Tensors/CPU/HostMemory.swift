import Glibc

/// Room for `count` floats from the heap, aligned to a cache line; give it back with `free`.
func allocateFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
    var block: UnsafeMutableRawPointer?
    let size = (max(count, 1) * MemoryLayout<Float>.stride + 63) & ~63
    let isLarge = size >= hugePage
    guard posix_memalign(&block, isLarge ? hugePage : 64, size) == 0, let block else {
        endWithoutMemory(size)
    }
    if isLarge { madvise(block, size, MADV_HUGEPAGE) }
    return block.bindMemory(to: Float.self, capacity: count)
}

/// Large blocks ask for pages of this size: a matrix is read a third faster when an address is looked up once in 2 MB.
private let hugePage = 1 << 21

/// `count` zeros, aligned to a cache line. Memory of large blocks comes from the system when it is first touched.
func allocateZeros(_ count: Int) -> UnsafeMutablePointer<Float> {
    guard count * 4 >= hugePage else {
        let pointer = allocateFloats(count)
        pointer.update(repeating: 0, count: count)
        return pointer
    }
    // A whole number of huge pages, found inside a mapping that has one more.
    let size = mappedSize(count)
    guard let mapping = mmap(nil, size + hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        mapping != MAP_FAILED
    else {
        endWithoutMemory(size)
    }
    let address = UInt(bitPattern: mapping)
    let before = Int((UInt(hugePage) - address % UInt(hugePage)) % UInt(hugePage))
    if before > 0 { munmap(mapping, before) }
    if before < hugePage { munmap(mapping + before + size, hugePage - before) }
    madvise(mapping + before, size, MADV_HUGEPAGE)
    return (mapping + before).bindMemory(to: Float.self, capacity: count)
}

/// Commands ask before they begin (`MeasuringExecutor`); what fails all the same cannot be gone on from, for nobody
/// above knows how much of an operation is done. Kept runs are whole as they were saved.
private func endWithoutMemory(_ size: Int) -> Never {
    let text = "icot: no memory for \(size >> 20) MB more; runs that are kept in a folder are as they were saved last\n"
    _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    // `EX_OSERR`.
    exit(71)
}

/// Gives back what `allocateZeros` returned for the same count.
func freeZeros(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    if count * 4 >= hugePage { munmap(pointer, mappedSize(count)) } else { free(pointer) }
}

private func mappedSize(_ count: Int) -> Int { (count * 4 + hugePage - 1) & ~(hugePage - 1) }
