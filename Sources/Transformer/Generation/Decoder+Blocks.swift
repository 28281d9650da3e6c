import CKernels
import Tensors

// The blocks of each architecture without gradients; the equations are at the head of `Model/GPT2.swift` and `Model/Llama.swift`.

extension Decoder {
    func gpt2Logits(_ rows: [Row]) -> UnsafeMutablePointer<Float> {
        let configuration = model.configuration
        let (c, f, count) = (configuration.width, configuration.innerWidth, rows.count)
        let weights = model.parameters.base
        let offsets = GPT2BlockOffsets(configuration)
        let x = arena.take(count * c)
        let normed = arena.take(count * c)
        let qkv = arena.take(count * 3 * c)
        let mixed = arena.take(count * c)
        let inner = arena.take(count * f)
        let statistics = arena.take(2 * count)
        let scratch = arena.take(MatrixProduct.scratchSize(rows: count, outputs: max(3 * c, f), workers: workers))
        func norm(
            _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ gain: UnsafePointer<Float>, _ rows: Int
        ) {
            spread(rows, grain: 1, work: rows * c) { part in
                ck_layer_norm(
                    y + part.lowerBound * c, statistics + part.lowerBound, statistics + count + part.lowerBound,
                    x + part.lowerBound * c, gain,
                    gain + c, configuration.epsilon, part.count, c)
            }
        }
        for (n, row) in rows.enumerated() {
            (x + n * c).update(from: weights + Int(row.token) * c, count: c)
            ck_add(x + n * c, weights + (configuration.vocabularySize + Int(row.position)) * c, c)
        }
        for layer in 0..<configuration.layerCount {
            replaceGiven(x, rows, layer)
            let at = weights + offsets.block(layer)
            norm(normed, x, at + offsets.firstNorm, count)
            MatrixProduct.apply(
                qkv, normed, weight: at + offsets.attention, bias: at + offsets.attentionBias, rows: count, inputs: c,
                outputs: 3 * c,
                scratch: scratch, workers: workers)
            attend(mixed, qkv, layer)
            MatrixProduct.apply(
                x, mixed, weight: at + offsets.attentionOut, bias: at + offsets.attentionOutBias, rows: count,
                inputs: c, outputs: c,
                accumulate: true, scratch: scratch, workers: workers)
            norm(normed, x, at + offsets.secondNorm, count)
            MatrixProduct.apply(
                inner, normed, weight: at + offsets.inner, bias: at + offsets.innerBias, rows: count, inputs: c,
                outputs: f,
                scratch: scratch, workers: workers)
            spread(count * f, grain: 16, work: count * f) { part in
                // The kernel reads each element before it writes it.
                ck_gelu(inner + part.lowerBound, inner + part.lowerBound, part.count)
            }
            MatrixProduct.apply(
                x, inner, weight: at + offsets.innerOut, bias: at + offsets.innerOutBias, rows: count, inputs: f,
                outputs: c,
                accumulate: true, scratch: scratch, workers: workers)
        }
        let final = weights + offsets.finalNorm(configuration.layerCount)
        return lastLogits(x, head: configuration.isHeadTied ? weights : final + 2 * c) { norm($0, $1, final, $2) }
    }

    func llamaLogits(_ rows: [Row]) -> UnsafeMutablePointer<Float> {
        let configuration = model.configuration
        let (c, f, count) = (configuration.width, configuration.innerWidth, rows.count)
        let weights = model.parameters.base
        let offsets = LlamaBlockOffsets(configuration)
        let x = arena.take(count * c)
        let normed = arena.take(count * c)
        let qkv = arena.take(count * offsets.queryKeyValueWidth)
        let mixed = arena.take(count * offsets.queryWidth)
        let gateAndUp = arena.take(count * 2 * f)
        let inner = arena.take(count * f)
        let statistics = arena.take(count)
        func norm(
            _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ gain: UnsafePointer<Float>, _ rows: Int
        ) {
            spread(rows, grain: 1, work: rows * c) { part in
                ck_rms_norm(
                    y + part.lowerBound * c, statistics + part.lowerBound, x + part.lowerBound * c, gain,
                    configuration.epsilon, part.count, c)
            }
        }
        for (n, row) in rows.enumerated() { (x + n * c).update(from: weights + Int(row.token) * c, count: c) }
        for layer in 0..<configuration.layerCount {
            replaceGiven(x, rows, layer)
            let at = weights + offsets.block(layer)
            norm(normed, x, at + offsets.firstNorm, count)
            MatrixProduct.applyTransposed(
                qkv, normed, weight: at + offsets.attention, rows: count, inputs: c,
                outputs: offsets.queryKeyValueWidth, workers: workers)
            turn(qkv, rows, offsets.queryKeyValueWidth)
            attend(mixed, qkv, layer)
            MatrixProduct.applyTransposed(
                x, mixed, weight: at + offsets.attentionOut, rows: count, inputs: offsets.queryWidth, outputs: c,
                accumulate: true,
                workers: workers)
            norm(normed, x, at + offsets.secondNorm, count)
            MatrixProduct.applyTransposed(
                gateAndUp, normed, weight: at + offsets.gateAndUp, rows: count, inputs: c, outputs: 2 * f,
                workers: workers)
            spread(count, grain: 1, work: count * f) { part in
                for n in part { ck_swiglu(inner + n * f, gateAndUp + n * 2 * f, gateAndUp + n * 2 * f + f, f) }
            }
            MatrixProduct.applyTransposed(
                x, inner, weight: at + offsets.down, rows: count, inputs: f, outputs: c, accumulate: true,
                workers: workers)
        }
        let final = weights + offsets.finalNorm(configuration.layerCount)
        return lastLogits(x, head: configuration.isHeadTied ? weights : final + c) { norm($0, $1, final, $2) }
    }

    /// Turns the queries and keys of each row by its position.
    private func turn(_ qkv: UnsafeMutablePointer<Float>, _ rows: [Row], _ stride: Int) {
        let configuration = model.configuration
        var last: Int32 = 0
        for row in rows { last = max(last, row.position) }
        guard let tables = model.rotaryTables(covering: Int(last)) else { return }
        var start = 0
        while start < rows.count {
            // The rows of one sequence share the frequencies of its largest position.
            var end = start
            var longest: Int32 = 0
            while end < rows.count, rows[end].sequence == rows[start].sequence {
                longest = max(longest, rows[end].position)
                end += 1
            }
            for n in start..<end {
                tables.table.rotate(
                    qkv + n * stride, heads: configuration.headCount + configuration.keyValueHeadCount,
                    headWidth: configuration.headWidth,
                    position: tables.row(Int(rows[n].position), longest: Int(longest)), inverse: false)
            }
            start = end
        }
    }
}
