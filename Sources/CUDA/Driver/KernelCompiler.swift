import Support

/// NVIDIA's compiler at run time: our text to a module for one kind of card.
public struct KernelCompiler: Sendable {
    typealias Status = Int32

    var version: @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Status
    var create:
        @convention(c) (
            UnsafeMutablePointer<Pointer?>, UnsafePointer<CChar>, UnsafePointer<CChar>, Int32, Pointer?, Pointer?
        ) -> Status
    var compileProgram: @convention(c) (Pointer?, Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Status
    var destroy: @convention(c) (UnsafeMutablePointer<Pointer?>) -> Status
    var logSize: @convention(c) (Pointer?, UnsafeMutablePointer<Int>) -> Status
    var log: @convention(c) (Pointer?, UnsafeMutablePointer<CChar>) -> Status
    var moduleSize: @convention(c) (Pointer?, UnsafeMutablePointer<Int>) -> Status
    var module: @convention(c) (Pointer?, UnsafeMutablePointer<UInt8>) -> Status

    /// What came of a text.
    public struct Result: Sendable {
        public let module: [UInt8]
        /// What the compiler said, with the registers and memory of each kernel.
        public let log: String
    }

    /// - Parameter architecture: as the compiler calls it, `sm_90`.
    public func compile(_ source: KernelSource, for architecture: String) throws(DeviceFault) -> Result {
        var program: Pointer?
        try check("nvrtcCreateProgram", create(&program, source.text, "kernels.cu", 0, nil, nil))
        defer { _ = destroy(&program) }
        let options =
            ["--gpu-architecture=\(architecture)", "--std=c++17", "-default-device", "--ptxas-options=-v"]
            + source.definitions
        let texts = options.map { text in
            let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: text.utf8.count + 1)
            for (index, byte) in text.utf8.enumerated() { bytes[index] = CChar(bitPattern: byte) }
            bytes[text.utf8.count] = 0
            return bytes
        }
        defer { for text in texts { text.deallocate() } }
        var pointers = texts.map { Optional(UnsafePointer($0)) }
        let status = compileProgram(program, Int32(options.count), &pointers)
        var size = 0
        try check("nvrtcGetProgramLogSize", logSize(program, &size))
        var characters = [CChar](repeating: 0, count: size + 1)
        try check("nvrtcGetProgramLog", log(program, &characters))
        let text = String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if status != 0 { throw .doesNotCompile(source, log: text.isEmpty ? "error \(status)" : text) }
        try check("nvrtcGetCUBINSize", moduleSize(program, &size))
        var bytes = [UInt8](repeating: 0, count: size)
        try check("nvrtcGetCUBIN", module(program, &bytes))
        return Result(module: bytes, log: text)
    }

    /// `13.0`
    public var versionText: String {
        var (major, minor) = (Int32(0), Int32(0))
        _ = version(&major, &minor)
        return "\(major).\(minor)"
    }

    private func check(_ call: String, _ status: Status) throws(DeviceFault) {
        if status != 0 { throw .failed(.compiler, call: call, code: Int(status)) }
    }
}

extension KernelCompiler {
    /// That of this machine.
    public init(_ search: LibrarySearch) throws(DeviceFault) {
        let library = try search.open(.compiler, ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"])
        // The compiler opens its builtins by their bare name, which is not found where it was itself found by a path;
        // that name is then a library that is open already.
        let version: @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Status =
            try library.function("nvrtcVersion", of: .compiler)
        var (major, minor) = (Int32(0), Int32(0))
        _ = version(&major, &minor)
        _ = DynamicLibrary(anyOf: search.candidates(["libnvrtc-builtins.so.\(major).\(minor)"]))
        self.init(
            version: version, create: try library.function("nvrtcCreateProgram", of: .compiler),
            compileProgram: try library.function("nvrtcCompileProgram", of: .compiler),
            destroy: try library.function("nvrtcDestroyProgram", of: .compiler),
            logSize: try library.function("nvrtcGetProgramLogSize", of: .compiler),
            log: try library.function("nvrtcGetProgramLog", of: .compiler),
            moduleSize: try library.function("nvrtcGetCUBINSize", of: .compiler),
            module: try library.function("nvrtcGetCUBIN", of: .compiler))
    }
}
