import Support
import Tensors

/// Why a card cannot be used. Each says what was looked for and what to install or type.
public enum DeviceFault: Error, Equatable {
    /// A library that nothing is found of under these names.
    case missing(Library, tried: [String])
    /// A library that lacks a function of this program's.
    case outdated(Library, function: String)
    /// The driver speaks CUDA of this version (13000 is 13.0).
    case oldDriver(version: Int)
    case noCard
    case noSuchCard(Int, count: Int)
    /// A card of a compute capability that no kernel is compiled for.
    case oldCard(name: String, major: Int, minor: Int)
    /// A card that cannot multiply so.
    case noPrecision(name: String, ProductPrecision)
    /// A card whose memory others have.
    case nearlyFull(name: String, free: Int, total: Int)
    case outOfMemory(wanted: Int, free: Int)
    /// The compiler refused our own text.
    case doesNotCompile(KernelSource, log: String)
    /// Heads wider than the kernels.
    case wideHead(Int)
    /// An operation that only the processor has.
    case notOnDevice(String)
    /// Any other call of a library, by its own number for what went wrong.
    case failed(Library, call: String, code: Int)

    public enum Library: Sendable, Equatable {
        case driver, compiler, products

        var name: String {
            switch self {
            case .driver: "NVIDIA's driver (libcuda)"
            case .compiler: "NVIDIA's compiler at run time (libnvrtc)"
            case .products: "cuBLAS"
            }
        }

        /// What to type where it is missing.
        var help: String {
            switch self {
            case .driver: "on Debian and Ubuntu: apt install nvidia-driver; in a container start it with --gpus all"
            case .compiler:
                "pip install nvidia-cuda-nvrtc, or install the CUDA toolkit; elsewhere than in the usual folders: "
                    + "ICOT_CUDA=the folder that holds it"
            case .products:
                "pip install nvidia-cublas, or install the CUDA toolkit; elsewhere than in the usual folders: "
                    + "ICOT_CUDA=the folder that holds it"
            }
        }
    }

    /// The least CUDA version of a driver, 12.0: what graphs and the compiled kernels need.
    static let leastDriver = 12_000
    /// The least compute capability, 7.0: Volta.
    static let leastMajor = 7
    /// Bytes that must be free on a card: the context, the workspace of products and a small model.
    static let leastFree = 1 << 30
}

extension DeviceFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let library, let tried):
            "\(library.name) is not there; looked for \(tried.joined(separator: ", "))"
        case .outdated(let library, let function): "this \(library.name) is too old: it has no \(function)"
        case .oldDriver(let version):
            "NVIDIA's driver is too old: it speaks CUDA \(version / 1000).\(version % 1000 / 10), and "
                + "\(Self.leastDriver / 1000).\(Self.leastDriver % 1000 / 10) is the least"
        case .noCard: "NVIDIA's driver is there, but it sees no card"
        case .noSuchCard(let index, let count):
            "there is no cuda:\(index); this machine has \(Phrase.count(count, "card")), "
                + (count == 1 ? "cuda:0" : "cuda:0 to cuda:\(count - 1)")
        case .oldCard(let name, let major, let minor):
            "\(name) is too old: its compute capability is \(major).\(minor), and \(Self.leastMajor).0 is the least"
        case .noPrecision(let name, let precision): "\(name) has no \(precision.rawValue)"
        case .nearlyFull(let name, let free, let total):
            "\(name) is nearly full: \(Self.text(free)) of \(Self.text(total)) are free, and "
                + "\(Self.text(Self.leastFree)) are the least"
        case .outOfMemory(let wanted, let free):
            "the card has no memory for \(Self.text(wanted)) more; \(Self.text(free)) are free"
        case .doesNotCompile(_, let log): "the card's compiler refuses a kernel of icot: \(log)"
        case .wideHead(let width):
            "heads of width \(width) are too wide for the card's kernels; "
                + "\(KernelSource.attentionWidths.last ?? 0) is the most"
        case .notOnDevice(let what): "\(what) is computed on the processor only"
        case .failed(let library, let call, let code): "\(call) of \(library.name) failed with error \(code)"
        }
    }

    /// What to do about it; nil where nothing can be typed.
    public var help: String? {
        switch self {
        case .missing(let library, _), .outdated(let library, _): library.help
        case .oldDriver: "install a newer one: apt install nvidia-driver"
        case .noCard: "nvidia-smi lists what the driver sees; CUDA_VISIBLE_DEVICES may hide cards"
        case .noSuchCard: "write --device cuda for the first one"
        case .nearlyFull: "nvidia-smi shows who uses it; another card is --device cuda:1"
        case .noPrecision: "write --precision f32"
        case .outOfMemory: "take a smaller batch, or a smaller model"
        case .oldCard, .wideHead, .notOnDevice: "write --device cpu"
        case .doesNotCompile, .failed: nil
        }
    }

    private static func text(_ bytes: Int) -> String { byteText(bytes) }
}
