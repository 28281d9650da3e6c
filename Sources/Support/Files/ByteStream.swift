import Glibc

/// The bytes of a file, a pipe or a device from first to last. A pipe whose other end says nothing can be given up at
/// any moment, also before anybody has opened that end.
public struct ByteStream: ~Copyable {
    private let path: String
    private let descriptor: Int32
    /// How many bytes there are in all; nil where only the end will tell.
    public let count: Int?

    /// How long a silent pipe is waited for before anybody is asked whether to go on, in milliseconds.
    private static let patience: Int32 = 50

    /// - Throws: `FileError` where nothing is there, or nothing that may be read.
    public init(_ path: String) throws(FileError) {
        self.path = path
        // O_NONBLOCK: opening a pipe must not wait for its writer.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.opening(path, errno) }
        var status = stat()
        count = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit { close(descriptor) }

    /// Reads what is there next; returns how many bytes came, none at the end.
    /// - Throws: `FileError`; `Interrupted` where a stop is asked for.
    public func read(into target: UnsafeMutableRawBufferPointer, _ interrupt: Interrupt) throws -> Int {
        while true {
            try interrupt.check()
            if count == nil {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&waiting, 1, Self.patience) == 0 { continue }
            }
            let read = Glibc.read(descriptor, target.baseAddress, target.count)
            if read >= 0 { return read }
            guard errno == EINTR || errno == EAGAIN else {
                throw FileError(.unreadable, path, "cannot be read: \(errorText(errno))")
            }
        }
    }
}
