import Glibc

/// A library of the system that is opened where it is needed and not before, so that the program starts without it. It
/// stays open to the end of the process.
public struct DynamicLibrary: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer

    /// Opens the first of these that is there; nil if none is.
    public init?(_ names: String...) { self.init(anyOf: names) }

    public init?(anyOf names: [String]) {
        guard let handle = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else { return nil }
        self.handle = handle
    }

    /// A function by its name, as the C function type `T` that its header gives it; nil if the library has none of that
    /// name.
    public func function<T>(_ name: String, as type: T.Type = T.self) -> T? {
        dlsym(handle, name).map { unsafeBitCast($0, to: type) }
    }
}
