import CUDA
import Glibc
import Language
import Support
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

    /// How a card multiplies: what `--precision` names.
    public static var precisions: [String] { ProductPrecision.allCases.map(\.rawValue) }

    /// Lets every model that is made from now on be computed there.
    /// - Parameter precision: one of `precisions`.
    /// - Throws: `DeviceFailure`.
    public func choose(precision: String) throws {
        guard let own = ProductPrecision(rawValue: precision) else {
            throw DeviceFailure(
                description: "there is no precision \(precision)",
                help: "write --precision \(Self.precisions.joined(separator: " or "))")
        }
        guard case .card(let index) = self else {
            if own == .f32 { return }
            throw DeviceFailure(
                description: "the processor computes in f32 only", help: "write --device cuda, or leave --precision out"
            )
        }
        do {
            StandardExecutor.choose(try CUDAExecutor(GraphicsCard(index), precision: own))
        } catch {
            throw DeviceFailure(description: error.description, help: error.help)
        }
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

    // MARK: What a device asks of the commands

    /// Bytes that models could still have where they are computed.
    static var freeBytes: Int? {
        (StandardExecutor.current as? CUDAExecutor)?.freeBytes ?? FreeMemory.bytes
    }

    /// Refuses a model that the device could not compute.
    static func check(_ configuration: ModelConfiguration, _ call: Invocation) throws {
        guard StandardExecutor.current is CUDAExecutor,
            let fault = CUDAExecutor.fault(headWidth: configuration.headWidth)
        else { return }
        throw call.failure(fault.description, code: .runtimeArgument, help: fault.help)
    }

    /// Refuses what is written for the processor only.
    static func needProcessor(_ what: String, _ call: Invocation) throws {
        guard StandardExecutor.current is CUDAExecutor else { return }
        let fault = DeviceFault.notOnDevice(what)
        throw call.failure(fault.description, code: .runtimeArgument, help: fault.help)
    }
}

/// A device that cannot be used, in words.
public struct DeviceFailure: Error, Sendable {
    public let description: String
    public let help: String?
}
