import CProcess

/// How the C library keeps memory.
public enum Allocator {
    /// Blocks of at least so many bytes go back to the system when they are freed.
    private static let largeBlock: Int32 = 1 << 16

    /// Gives large blocks mappings of their own, for the rest of the process. By itself glibc raises the size from which
    /// it does so to that of the largest block freed so far, up to 32 MB, and then takes and splits the arrays of a
    /// session in one heap, whose holes nothing fits into: 6 MB more for every few hundred problems probed.
    public static func givesLargeBlocksBack() { _ = process_map_blocks(largeBlock) }

    /// Gives the system what lies free between smaller blocks now, which takes about a millisecond: a session that
    /// waits for a person need not hold what its last command needed.
    public static func giveFreePagesBack() { _ = process_trim() }
}
