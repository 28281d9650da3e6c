import Glibc
import Language
import Support

/// Refuses what this machine's memory cannot hold, before the system would end the process.
enum Memory {
    static func check(floats: Int, _ call: Invocation) throws {
        let total = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let (bytes, isOver) = floats.multipliedReportingOverflow(by: 4)
        guard isOver || (total > 0 && bytes > total) else { return }
        let wanted = isOver ? "more than can be counted" : "\(NumberText.grouped(bytes >> 20)) MB"
        throw call.failure(
            "this takes \(wanted) of memory, the machine has \(NumberText.grouped(total >> 20)) MB", code: .outOfMemory)
    }
}
