import CUDA
import Glibc
import Language
import Support
import Synchronization
import Tensors
import Transformer

/// Where models are computed: what `--device` names.
public enum EngineDevice: Sendable, Equatable {
    case processor
    case card(Int)

    /// `cpu`, `cuda` (the first card) or `cuda:1`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("cpu", 1): self = .processor
        case ("cuda", 1): self = .card(0)
        case ("cuda", 2):
            guard let index = Int(parts[1]), parts[1].allSatisfy(\.isASCII), index >= 0, parts[1].first != "+" else {
                return nil
            }
            self = .card(index)
        default: return nil
        }
    }

    /// Names the devices that there are, for those who wrote another.
    public static let names = "cpu, cuda or cuda:1"

    /// How products with weights are computed: what `--precision` and `precision:` name.
    public static var precisions: [String] { ProductPrecision.allCases.map(\.rawValue) }

    public static var precisionNames: String {
        precisions.dropLast().joined(separator: ", ") + " or " + (precisions.last ?? "")
    }

    /// Lets every model that is made from now on be computed there.
    /// - Parameter precision: one of `precisions`.
    /// - Throws: `DeviceFailure`.
    public func choose(precision: String) throws {
        guard let own = ProductPrecision(rawValue: precision) else {
            throw DeviceFailure(
                description: "there is no precision \(precision)",
                help: "write --precision \(Self.precisionNames)")
        }
        guard case .card(let index) = self else {
            do { return try StandardExecutor.choose(own) } catch {
                throw DeviceFailure(
                    description: error.description, help: "write --device cuda, or leave --precision out")
            }
        }
        do {
            let card = try Self.openCard(index)
            StandardExecutor.choose(try CUDAExecutor(card, precision: own))
        } catch {
            throw DeviceFailure(description: error.description, help: error.help)
        }
    }

    /// A card of this machine, behind what plays repeated work as graphs unless somebody does without.
    private static func openCard(_ index: Int) throws(DeviceFault) -> any Device {
        let card = try GraphicsCard(index)
        let wish = getenv("ICOT_GRAPHS").map { String(cString: $0) }
        return wish == "off" ? card : GraphingDevice(card)
    }

    /// The first card of this machine, or why there is none that could be used.
    public static func firstCard() -> (name: String?, failure: DeviceFailure?) {
        do {
            let card = try GraphicsCard()
            return ("\(card.name), \(card.library)", nil)
        } catch {
            return (nil, DeviceFailure(description: error.description, help: error.help))
        }
    }

    /// Whether products in bf16 have an instruction here.
    public static var processorHasBF16: Bool { CPUExecutor.hasBF16 }

    // MARK: What a device asks of the commands

    static let deviceParameter = Parameter.label(
        "device",
        .choice([.init("cpu", "on this machine's cores"), .init("cuda", "on its first NVIDIA card")]),
        "where it is computed; as --device says without it")

    /// The card that labels name, opened when it is first named.
    private static let namedCard = Mutex<CUDAExecutor?>(nil)

    /// Lets another executor be that of the card which labels name.
    static func name(_ card: CUDAExecutor?) { namedCard.withLock { $0 = card } }

    /// What `device:` chooses; nil where it is not given, or names what computes without it.
    static func executor(
        _ call: Invocation, insteadOf current: any Executor = StandardExecutor.current
    ) throws -> (any Executor)? {
        guard let name = call.choiceIfPresent("device") else { return nil }
        if (name == "cuda") == (current is CUDAExecutor) { return nil }
        let chosen: any Executor
        if name == "cpu" {
            chosen = CPUExecutor.shared
        } else {
            do {
                chosen = try namedCard.withLock { card in
                    if let card { return card }
                    let made = try CUDAExecutor(Self.openCard(0))
                    card = made
                    return made
                }
            } catch let fault as DeviceFault {
                throw call.failure(
                    fault.description, code: .runtimeArgument, at: "device", help: help(fault) ?? "write device: .cpu")
            }
        }
        // As --precision says, where that is possible there.
        do { return try chosen.multiplying(in: current.precision) } catch {
            call.remark("\(error.description): float32 it is")
            return chosen
        }
    }

    /// What to do about a fault, where a label said what computes: a label says otherwise, too.
    private static func help(_ fault: DeviceFault) -> String? {
        switch fault {
        case .oldCard, .wideHead, .notOnDevice:
            StandardExecutor.current is CUDAExecutor ? fault.help : "write device: .cpu where it is made or started"
        default: fault.help
        }
    }

    static let precisionParameter = Parameter.label(
        "precision",
        .choice([
            .init("f32", "float32"), .init("tf32", "10 bits of fraction, on a card"),
            .init("bf16", "7 bits of fraction; some twice as fast on a processor with AVX512-BF16, more on a card"),
        ]), "how products with its weights read their factors; all else is float32; as --precision says without it")

    /// What `precision:` chooses; nil where it is not given.
    /// - Parameter executor: what computes.
    static func precision(
        _ call: Invocation, on executor: (any Executor)? = nil
    ) throws -> ProductPrecision? {
        guard let name = call.choiceIfPresent("precision"), let precision = ProductPrecision(rawValue: name) else {
            return nil
        }
        let executor = executor ?? StandardExecutor.current
        do { _ = try executor.multiplying(in: precision) } catch { throw failure(error, call) }
        if precision == .bf16, executor is CPUExecutor, !CPUExecutor.hasBF16 {
            call.remark("this processor has no AVX512-BF16: products in bf16 have the same bits here, and take long")
        }
        return precision
    }

    private static func failure(_ fault: PrecisionFault, _ call: Invocation) -> any Error {
        call.failure(
            fault.description, code: .runtimeArgument, at: "precision",
            help: "write precision: " + fault.possible.map { ".\($0.rawValue)" }.joined(separator: " or "))
    }

    /// Bytes that models could still have where they are computed.
    static func freeBytes(_ executor: any Executor) -> Int? {
        (executor as? CUDAExecutor)?.freeBytes ?? FreeMemory.bytes
    }

    /// Whether what is computed with a model has copies in bfloat16 beside it.
    static func hasTwins(_ model: LanguageModel) -> Bool {
        model.precision == .bf16 && model.parameters.executor is CUDAExecutor
    }

    /// Refuses a model that the device could not compute.
    static func check(
        _ configuration: ModelConfiguration, _ call: Invocation, on executor: (any Executor)? = nil
    ) throws {
        guard (executor ?? StandardExecutor.current) is CUDAExecutor,
            let fault = CUDAExecutor.fault(headWidth: configuration.headWidth)
        else { return }
        throw call.failure(fault.description, code: .runtimeArgument, help: help(fault))
    }

    /// Refuses what is written for the processor only.
    static func needProcessor(_ what: String, for model: LanguageModel, _ call: Invocation) throws {
        guard model.parameters.executor is CUDAExecutor else { return }
        let fault = DeviceFault.notOnDevice(what)
        throw call.failure(fault.description, code: .runtimeArgument, help: help(fault))
    }
}

/// A device that cannot be used, in words.
public struct DeviceFailure: Error, Sendable {
    public let description: String
    public let help: String?
}
