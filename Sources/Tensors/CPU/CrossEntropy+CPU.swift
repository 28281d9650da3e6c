import CKernels

extension CPUExecutor {
    public func forward(_ operation: CrossEntropyOperation, in memory: Workspace) {
        withProducts(memory) { forward(operation, $0, memory) }
    }

    private func forward(_ operation: CrossEntropyOperation, _ products: Products, _ memory: Workspace) {
        let (columns, vocabulary, count) = (operation.input.columns, operation.vocabularySize, operation.count)
        let (input, head) = (floats(operation.input), floats(operation.head.values))
        let dhead = floats(operation.head.gradient)
        let (rows, labels) = (integers(operation.rows), integers(operation.labels))
        let (losses, predictions) = (floats(operation.losses), integers(operation.predictions))
        let gathered = floats(memory.arena.take(count * columns))
        let block = max(1, min(count, operation.blockSize / vocabulary))
        let logits = floats(memory.arena.take(block * vocabulary))
        let gradient = operation.gradient.map { floats($0) }
        let threads = workers.threadCount

        var start = 0
        while start < count {
            let size = min(block, count - start)
            let x = gathered + start * columns
            // With more words than eight times the rows the threads share the words, so that each reads half of the
            // head.
            let isWide = vocabulary > 8 * size
            if isWide {
                for m in 0..<size {
                    (x + m * columns).update(from: input + Int(rows[start + m]) * columns, count: columns)
                }
                if products.areRounded {
                    workers.parts(of: vocabulary, grain: 64) { thread, part in
                        products.multiply(
                            thread, logits + part.lowerBound, vocabulary, x, columns, head + part.lowerBound * columns,
                            columns, m: size, n: part.count, k: columns, transposeB: true)
                    }
                } else {
                    MatrixProduct.applyTransposed(
                        logits, x, weight: head, rows: size, inputs: columns, outputs: vocabulary, workers: workers)
                }
            }
            workers.parts(of: size, grain: products.grain) { thread, part in
                if !isWide {
                    for m in part {
                        (x + m * columns).update(from: input + Int(rows[start + m]) * columns, count: columns)
                    }
                    products.multiply(
                        thread, logits + part.lowerBound * vocabulary, vocabulary, x + part.lowerBound * columns,
                        columns,
                        head, columns, m: part.count, n: vocabulary, k: columns, transposeB: true)
                }
                for m in part {
                    losses[start + m] = ck_cross_entropy(
                        logits + m * vocabulary, vocabulary, labels[start + m], operation.scale,
                        predictions + start + m)
                }
                if let gradient {
                    products.multiply(
                        thread, gradient + (start + part.lowerBound) * columns, columns,
                        logits + part.lowerBound * vocabulary, vocabulary, head, columns, m: part.count, n: columns,
                        k: vocabulary)
                }
            }
            if gradient != nil {
                workers.run { thread in
                    let words = Workers.part(thread, of: threads, count: vocabulary, grain: 8)
                    products.multiply(
                        thread, dhead + words.lowerBound * columns, columns, logits + words.lowerBound, vocabulary, x,
                        columns, m: words.count, n: columns, k: size, transposeA: true, accumulate: true)
                }
            }
            start += size
        }
    }

    public func backward(_ operation: CrossEntropyOperation, input target: GradientTarget) {
        guard let place = operation.gradient else { return }
        let (columns, count) = (operation.input.columns, operation.count)
        let (dx, gradient, rows) = (floats(target.place), floats(place), integers(operation.rows))
        workers.parts(of: operation.input.rows, grain: 8) { _, part in
            if !target.accumulates {
                (dx + part.lowerBound * columns).update(repeating: 0, count: part.count * columns)
            }
            for m in 0..<count where part.contains(Int(rows[m])) {
                ck_add(dx + Int(rows[m]) * columns, gradient + m * columns, columns)
            }
        }
    }
}
