import Checkpoints
import Tensors

/// What the engine computes with on this machine.
public enum EngineFacts {
    /// Number type, kernels, vector level and threads, as `numeric_profile` has them.
    public static var numericProfile: String { StandardExecutor.current.profile }
    /// Whose large products they are, such as `OpenBLAS 0.3.21`; nil where they are icot's own.
    public static var library: String? { StandardExecutor.current.library }
    /// Where models are looked for by name; these folders need not be there.
    public static var checkpointCaches: [String] { CheckpointLocator().cacheFolders() }
}
