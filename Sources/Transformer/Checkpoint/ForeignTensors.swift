import Checkpoints
import Support

/// Tensors that say that the others are not the weights they seem to be: to take those as they stand would compute
/// with other numbers without a word.
enum ForeignTensors {
    /// - Throws: `FileError` that names what was found.
    static func refuse(_ tensors: [CheckpointTensor]) throws {
        for tensor in tensors {
            if let mark = loraMarks.first(where: { tensor.name.contains($0) }) {
                throw FileError(
                    .unsupported, tensor.path,
                    "\"\(tensor.name)\": the weights are a base and the factors (\(mark)) of an adapter such as LoRA",
                    help: "merge them: model.merge_and_unload().save_pretrained(folder), with peft")
            }
            if let mark = scaleMarks.first(where: { tensor.name.hasSuffix($0) || tensor.name.contains($0 + ".") }) {
                throw FileError(
                    .unsupported, tensor.path,
                    "\"\(tensor.name)\": the weights are quantised, this (\(mark)) is their scale",
                    help: dequantise)
            }
        }
    }

    /// Refuses numbers that are no weights by themselves: integers, and floats of one byte.
    static func refuseIntegers(_ tensor: CheckpointTensor) throws {
        switch tensor.elementType {
        case .float64, .float32, .float16, .bfloat16: return
        case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool, .float8e4m3, .float8e5m2,
            .complex64:
            throw FileError(
                .unsupported, tensor.path, at: tensor.byteOffset,
                "\"\(tensor.name)\" holds \(tensor.elementType.rawValue), so the weights are quantised",
                help: dequantise)
        }
    }

    static let dequantise = "save it as it was before, or dequantised: model.dequantize().save_pretrained(folder)"

    private static let loraMarks = [
        "lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude", ".base_layer.",
        "modules_to_save.",
        "hada_w1", "hada_w2", "lokr_w", "ia3_l", "vera_lambda", "oft_r",
    ]
    /// bitsandbytes, GPTQ, AWQ, compressed-tensors, fp8, quanto, HQQ, AQLM.
    private static let scaleMarks = [
        ".SCB", ".weight_format", ".absmax", ".quant_map", ".nested_absmax", ".quant_state", ".qweight", ".qzeros",
        ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv", ".input_scale", ".output_scale", ".weight_packed",
        ".weight_shape", ".weight_zero_point", ".weight._data", ".weight._scale", ".codebooks", ".codes",
        ".scale_weight",
    ]
}
