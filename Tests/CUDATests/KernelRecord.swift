import Foundation
import Synchronization

@testable import CUDA

/// Launches as files, for a program that does them again under sanitizers: `Tests/CHostDevice/Replay/replay.cpp`, where
/// the format stands. Written where ICOT_KERNEL_RECORD names a folder.
enum KernelRecord {
    static let folder = ProcessInfo.processInfo.environment["ICOT_KERNEL_RECORD"]
    private static let count = Mutex(0)

    /// A whole arena says nothing of where one of its variables ends.
    private static let bytesMost = 1 << 17

    /// - Parameter pieces: for each argument that is an address, the memory that it points into, and how far.
    static func write(
        _ kernel: Kernel, _ grid: Grid, threads: Int, _ arguments: [KernelArgument],
        pieces: [(bytes: UnsafeRawBufferPointer, offset: Int)?]
    ) throws {
        guard let folder, pieces.reduce(0, { $0 + ($1?.bytes.count ?? 0) }) <= bytesMost else { return }
        var file = Data("\(kernel.name) \(grid.x) \(grid.y) \(grid.z) \(threads) \(arguments.count)\n".utf8)
        for (argument, piece) in zip(arguments, pieces) {
            if let piece {
                file += Data("memory \(piece.offset) \(piece.bytes.count)\n".utf8) + Data(piece.bytes)
            } else {
                file += Data("value \(String(argument.slot, radix: 16))\n".utf8)
            }
        }
        let number = count.withLock { count in
            count += 1
            return count
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try file.write(to: URL(filePath: folder).appending(path: "\(kernel.name)-\(number).launch"))
    }
}
