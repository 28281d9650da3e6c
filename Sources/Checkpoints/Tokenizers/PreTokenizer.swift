import Support

/// Cuts a text into the pieces that merging, or looking up, stays within: the steps of a `pre_tokenizer`, each
/// cutting every piece of the one before it as if there were no text around it.
struct PreTokenizer: Sendable {
    enum Step: Sendable {
        /// GPT-2's rule, see `GPT2WordSplitter`.
        case gpt2Words
        case split(Separator, SplitBehaviour, isInverted: Bool)
        /// Digits (general category N) apart from the rest, each by itself or as many as stand together.
        case digits(isEach: Bool)
        /// At white space, which is dropped.
        case spaces
        /// Words, and runs of signs: `\w+|[^\w\s]+`; the rest is dropped.
        case wordsAndSigns
    }

    enum Separator: Sendable {
        case pattern(TextPattern)
        case text([UInt8])
    }

    /// What becomes of the places that match.
    enum SplitBehaviour: String, Sendable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    let steps: [Step]

    /// Calls `body` with each piece of a text, none of them empty, in order.
    func forEachPiece(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) throws -> Void
    ) rethrows {
        try cut(text, range, 0, body)
    }

    private func cut(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ step: Int, _ body: (Range<Int>) throws -> Void
    ) rethrows {
        if range.isEmpty { return }
        guard step < steps.count else { return try body(range) }
        let piece = UnsafeBufferPointer(rebasing: text[range])
        func goOn(_ part: Range<Int>) throws {
            try cut(text, range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound, step + 1, body)
        }
        switch steps[step] {
        case .gpt2Words:
            let splitter = GPT2WordSplitter(piece)
            var start = 0
            while start < piece.count {
                let end = splitter.endOfPiece(at: start)
                try goOn(start..<end)
                start = end
            }
        case .split(let separator, let behaviour, let isInverted):
            for part in Self.arranged(Self.spans(piece, separator, isInverted), behaviour) { try goOn(part) }
        case .digits(let isEach):
            let spans = Self.spans(piece) { UnicodeClasses.shared[$0] == .number }
            for part in Self.arranged(spans, isEach ? .isolated : .contiguous) { try goOn(part) }
        case .spaces:
            let spans = Self.spans(piece) { UnicodeClasses.shared[$0] == .space }
            for part in Self.arranged(spans, .removed) { try goOn(part) }
        case .wordsAndSigns:
            var start = 0
            while start < piece.count {
                let kind = Self.kind(piece, start).kind
                var end = start
                while end < piece.count, case let next = Self.kind(piece, end), next.kind == kind { end += next.length }
                if kind != .space { try goOn(start..<end) }
                start = end
            }
        }
    }

    private enum Kind { case word, space, sign }

    private static func kind(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (kind: Kind, length: Int) {
        let scalar = UTF8Scan.scalar(text, at: index) ?? (ScalarSet.stray, 1)
        if UnicodeClasses.shared[scalar.value] == .space { return (.space, scalar.length) }
        return (ScalarSet.isRustWord(scalar.value) ? .word : .sign, scalar.length)
    }

    // MARK: Matches

    private struct Span {
        var range: Range<Int>
        var isMatch: Bool
    }

    /// The text as matches and what lies between them.
    private static func spans(
        _ text: UnsafeBufferPointer<UInt8>, _ separator: Separator, _ isInverted: Bool
    ) -> [Span] {
        var spans: [Span] = []
        var start = 0
        func next() -> Range<Int>? {
            switch separator {
            case .pattern(let pattern): return pattern.firstMatch(in: text, from: start)
            case .text(let bytes):
                guard !bytes.isEmpty, text.count >= bytes.count else { return nil }
                return (start...max(start, text.count - bytes.count)).first {
                    text[$0...].starts(with: bytes)
                }.map { $0..<$0 + bytes.count }
            }
        }
        while start < text.count, let found = next() {
            if found.lowerBound > start { spans.append(Span(range: start..<found.lowerBound, isMatch: isInverted)) }
            spans.append(Span(range: found, isMatch: !isInverted))
            start = found.upperBound
        }
        if start < text.count { spans.append(Span(range: start..<text.count, isMatch: isInverted)) }
        return spans
    }

    /// The same where single scalars match.
    private static func spans(_ text: UnsafeBufferPointer<UInt8>, _ matches: (UInt32) -> Bool) -> [Span] {
        var spans: [Span] = []
        var index = 0
        while index < text.count {
            let scalar = UTF8Scan.scalar(text, at: index) ?? (ScalarSet.stray, 1)
            let end = index + scalar.length
            if matches(scalar.value) {
                spans.append(Span(range: index..<end, isMatch: true))
            } else if let last = spans.last, !last.isMatch {
                spans[spans.count - 1].range = last.range.lowerBound..<end
            } else {
                spans.append(Span(range: index..<end, isMatch: false))
            }
            index = end
        }
        return spans
    }

    private static func arranged(_ spans: [Span], _ behaviour: SplitBehaviour) -> [Range<Int>] {
        switch behaviour {
        case .isolated: return spans.map(\.range)
        case .removed: return spans.filter { !$0.isMatch }.map(\.range)
        case .contiguous:
            return joined(spans) { $0.isMatch == $1.isMatch }
        case .mergedWithPrevious:
            return joined(spans) { !$0.isMatch && $1.isMatch }
        case .mergedWithNext:
            return joined(spans) { $0.isMatch && !$1.isMatch }
        }
    }

    /// Joins neighbours that belong together; each pair is asked about by its own two spans.
    private static func joined(_ spans: [Span], _ belong: (Span, Span) -> Bool) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for (index, span) in spans.enumerated() {
            if index > 0, let last = result.last, belong(spans[index - 1], span) {
                result[result.count - 1] = last.lowerBound..<span.range.upperBound
            } else {
                result.append(span.range)
            }
        }
        return result
    }
}
