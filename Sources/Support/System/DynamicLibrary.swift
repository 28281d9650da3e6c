import Glibc

/// A library of the system that is opened where it is needed and not before, so that the program starts without it. It
/// stays open to the end of the process.
public struct DynamicLibrary: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer

    /// Opens the first of these that is there; nil if none is.
    public init?(_ names: String...) { self.init(anyOf: names) }

    /// - Parameter isGlobal: whether what is opened later, such as its own plug-ins, may use its names.
    public init?(anyOf names: [String], isGlobal: Bool = false) {
        let flags = RTLD_NOW | (isGlobal ? RTLD_GLOBAL : RTLD_LOCAL)
        guard let handle = names.lazy.compactMap({ dlopen($0, flags) }).first else { return nil }
        self.handle = handle
    }

    /// A function by its name, as the C function type `T` that its header gives it; nil if the library has none of that
    /// name.
    public func function<T>(_ name: String, as type: T.Type = T.self) -> T? {
        dlsym(handle, name).map { unsafeBitCast($0, to: type) }
    }

    /// Where an object of the library lies, by its name; nil if it has none of that name.
    public func object(_ name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }
}
