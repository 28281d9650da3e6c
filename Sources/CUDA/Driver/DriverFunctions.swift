import Support

// The functions of NVIDIA's driver that a card needs (cuda.h). Each returns 0 or the number of an error. A struct, so
// that tests can put others in their place.

typealias Pointer = UnsafeMutableRawPointer

struct DriverFunctions: Sendable {
    /// A number of `CUresult`.
    typealias Status = Int32
    static let outOfMemory: Status = 2
    static let noDevice: Status = 100

    var initialize: @convention(c) (UInt32) -> Status
    var version: @convention(c) (UnsafeMutablePointer<Int32>) -> Status
    var count: @convention(c) (UnsafeMutablePointer<Int32>) -> Status
    var device: @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Status
    var name: @convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Status
    var attribute: @convention(c) (UnsafeMutablePointer<Int32>, Int32, Int32) -> Status
    /// The context that everybody in the process shares.
    var retainContext: @convention(c) (UnsafeMutablePointer<Pointer?>, Int32) -> Status
    var setContext: @convention(c) (Pointer?) -> Status
    var memory: @convention(c) (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>) -> Status
    var allocate: @convention(c) (UnsafeMutablePointer<UInt>, Int) -> Status
    var free: @convention(c) (UInt) -> Status
    var makeStream: @convention(c) (UnsafeMutablePointer<Pointer?>, UInt32) -> Status
    var finishStream: @convention(c) (Pointer?) -> Status
    var copyIn: @convention(c) (UInt, UnsafeRawPointer?, Int, Pointer?) -> Status
    var copyOut: @convention(c) (Pointer?, UInt, Int, Pointer?) -> Status
    var copy: @convention(c) (UInt, UInt, Int, Pointer?) -> Status
    var clear: @convention(c) (UInt, UInt8, Int, Pointer?) -> Status
    var loadModule: @convention(c) (UnsafeMutablePointer<Pointer?>, UnsafeRawPointer?) -> Status
    var function: @convention(c) (UnsafeMutablePointer<Pointer?>, Pointer?, UnsafePointer<CChar>) -> Status
    var launch:
        @convention(c) (
            Pointer?, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, Pointer?, UnsafeMutablePointer<Pointer?>?,
            UnsafeMutablePointer<Pointer?>?
        ) -> Status
    /// Memory of the host that the card reads without the processor's help.
    var allocateHost: @convention(c) (UnsafeMutablePointer<Pointer?>, Int) -> Status
    /// From here on what a stream is asked for is noted down, and not done.
    var beginCapture: @convention(c) (Pointer?, Int32) -> Status
    var endCapture: @convention(c) (Pointer?, UnsafeMutablePointer<Pointer?>) -> Status
    /// What was noted down last: status, id, graph, then its nodes and how many.
    var captureInfo:
        @convention(c) (
            Pointer?, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<Pointer?>?,
            UnsafeMutablePointer<UnsafePointer<Pointer?>?>?, UnsafeMutablePointer<Int>?
        ) -> Status
    var instantiate: @convention(c) (UnsafeMutablePointer<Pointer?>, Pointer?, UInt64) -> Status
    /// Other arguments for a kernel: the executable graph, the node, `KernelNode`.
    var setNode: @convention(c) (Pointer?, Pointer?, UnsafeRawPointer) -> Status
    var launchGraph: @convention(c) (Pointer?, Pointer?) -> Status
    var destroyExecutable: @convention(c) (Pointer?) -> Status
    var destroyGraph: @convention(c) (Pointer?) -> Status

    /// `CUDA_KERNEL_NODE_PARAMS_v2`
    struct KernelNode {
        var function: Pointer?
        var grid: (UInt32, UInt32, UInt32)
        var block: (UInt32, UInt32, UInt32)
        var sharedBytes: UInt32
        var arguments: UnsafeMutablePointer<Pointer?>?
        var extra: Pointer?
        var kernel: Pointer?
        var context: Pointer?
    }
}

extension DriverFunctions {
    /// Those of the driver on this machine.
    init() throws(DeviceFault) {
        let places = ["libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"]
        let library = try LibrarySearch(folders: []).open(.driver, places)
        self.init(
            initialize: try library.function("cuInit", of: .driver),
            version: try library.function("cuDriverGetVersion", of: .driver),
            count: try library.function("cuDeviceGetCount", of: .driver),
            device: try library.function("cuDeviceGet", of: .driver),
            name: try library.function("cuDeviceGetName", of: .driver),
            attribute: try library.function("cuDeviceGetAttribute", of: .driver),
            retainContext: try library.function("cuDevicePrimaryCtxRetain", of: .driver),
            setContext: try library.function("cuCtxSetCurrent", of: .driver),
            memory: try library.function("cuMemGetInfo_v2", of: .driver),
            allocate: try library.function("cuMemAlloc_v2", of: .driver),
            free: try library.function("cuMemFree_v2", of: .driver),
            makeStream: try library.function("cuStreamCreate", of: .driver),
            finishStream: try library.function("cuStreamSynchronize", of: .driver),
            copyIn: try library.function("cuMemcpyHtoDAsync_v2", of: .driver),
            copyOut: try library.function("cuMemcpyDtoHAsync_v2", of: .driver),
            copy: try library.function("cuMemcpyDtoDAsync_v2", of: .driver),
            clear: try library.function("cuMemsetD8Async", of: .driver),
            loadModule: try library.function("cuModuleLoadData", of: .driver),
            function: try library.function("cuModuleGetFunction", of: .driver),
            launch: try library.function("cuLaunchKernel", of: .driver),
            allocateHost: try library.function("cuMemAllocHost_v2", of: .driver),
            beginCapture: try library.function("cuStreamBeginCapture_v2", of: .driver),
            endCapture: try library.function("cuStreamEndCapture", of: .driver),
            captureInfo: try library.function("cuStreamGetCaptureInfo_v2", of: .driver),
            instantiate: try library.function("cuGraphInstantiateWithFlags", of: .driver),
            setNode: try library.function("cuGraphExecKernelNodeSetParams_v2", of: .driver),
            launchGraph: try library.function("cuGraphLaunch", of: .driver),
            destroyExecutable: try library.function("cuGraphExecDestroy", of: .driver),
            destroyGraph: try library.function("cuGraphDestroy", of: .driver))
    }
}
