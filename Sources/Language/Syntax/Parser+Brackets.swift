// Which bracket belongs to which, found once before parsing; with it, recovery can step over a broken statement without
// losing its place, and a missing bracket can be blamed on the right line.

extension Parser {
    static func matchBrackets(_ tokens: [Token]) -> [Int] {
        var partners = [Int](repeating: -1, count: tokens.count)
        var open: [Int] = []
        for (index, token) in tokens.enumerated() {
            guard case .sign(let sign) = token.kind else { continue }
            if sign.closer != nil {
                open.append(index)
                continue
            }
            guard sign == .closeParenthesis || sign == .closeBracket || sign == .closeBrace else { continue }
            var depth = open.count - 1
            while depth >= 0, case .sign(let opener) = tokens[open[depth]].kind, opener.closer != sign {
                // A `)` cannot reach over a `{`; a `}` closes over forgotten `(` and `[`.
                if opener == .openBrace {
                    depth = -1
                    break
                }
                depth -= 1
            }
            guard depth >= 0 else { continue }
            partners[open[depth]] = index
            partners[index] = open[depth]
            open.removeSubrange(depth...)
        }
        return partners
    }

    func hasUnmatchedCloser(after start: Int) -> Bool {
        tokens.indices.contains { $0 >= start && tokens[$0].kind == .sign(.closeBrace) && partners[$0] < 0 }
    }

    private func indentation(of index: Int) -> (columns: Int, isFirst: Bool) {
        let start = source.lineStarts[source.line(at: tokens[index].span.start)]
        var column = start
        while column < source.count,
            source.bytes[column] == UInt8(ascii: " ") || source.bytes[column] == UInt8(ascii: "\t")
        { column += 1 }
        return (column - start, column == tokens[index].span.start)
    }

    /// A brace is missing somewhere: the first block whose `}` stands further left than the line that opened it is the
    /// one that was not closed.
    func blamedBrace(_ opener: Int) -> Int {
        guard opener < tokens.count else { return opener }
        for index in tokens.indices
        where index > opener && tokens[index].kind == .sign(.closeBrace) && partners[index] >= 0 {
            let closer = indentation(of: index)
            if closer.isFirst, closer.columns < indentation(of: partners[index]).columns { return partners[index] }
        }
        return opener
    }

    /// The error for a bracket that is never closed, with the place where its partner may have been forgotten.
    func unclosed(_ opener: Int, here: Bool = false) -> Failure {
        let token = tokens[opener]
        guard case .sign(let sign) = token.kind, let closer = sign.closer else {
            return failure(.unclosedBracket, "a bracket is never closed", at: token.span)
        }
        var replacement: Diagnostic.Replacement?
        if sign != .openBrace {
            var last = opener
            while last + 1 < tokens.count, !tokens[last + 1].endsStatement, tokens[last + 1].kind != .sign(.openBrace),
                tokens[last + 1].kind != .sign(.pipe)
            { last += 1 }
            let place =
                here && !isAtEnd && source.line(at: previous.span.start) == source.line(at: token.span.start)
                ? previous : tokens[last]
            replacement = .init(SourceSpan(at: place.span.end), closer.rawValue)
        }
        var problem = failure(
            .unclosedBracket, "this '\(sign.rawValue)' is never closed", at: token.span,
            help: "add the missing '\(closer.rawValue)'", replacement: replacement)
        problem.isEarlyEnd = isAtEnd
        return problem
    }

    /// The innermost bracket between two tokens that has no partner.
    func unclosedBracket(from start: Int, to end: Int) -> Int? {
        guard start < end else { return nil }
        return (start..<end).last { index in
            if case .sign(let sign) = tokens[index].kind, sign == .openParenthesis || sign == .openBracket {
                return partners[index] < 0
            }
            return false
        }
    }

    /// Steps to the end of a statement that could not be read: over balanced brackets, into the blocks it opens (so
    /// that their statements are still checked), to the end of its line.
    mutating func recover(from start: Int) {
        newlinesAreSpace = false
        inHeader = false
        inRow = false
        if isAtEnd { return }
        var opener = start
        while opener < index {
            if case .sign(let sign) = tokens[opener].kind, sign == .openParenthesis || sign == .openBracket {
                let partner = partners[opener]
                if partner >= index {
                    index = partner + 1
                    break
                }
                if partner < 0, source.line(at: tokens[opener].span.start) < source.line(at: current.span.start) {
                    index = opener + 1
                    break
                }
                opener = max(opener, partner)
            } else if tokens[opener].kind == .sign(.openBrace), partners[opener] >= index {
                index = partners[opener] + 1
                break
            }
            opener += 1
        }
        while !current.endsStatement, !isAt(.closeBrace) {
            if isAt(.openBrace), nesting < Parser.nestingMax {
                nesting += 1
                loops += 1
                functions += 1
                let isClosed = partners[index] >= 0
                index += 1
                skipClosureHead()
                _ = statements(inBlock: true)
                nesting -= 1
                loops -= 1
                functions -= 1
                if isAt(.closeBrace), isClosed || !isAtEnd { index += 1 }
                continue
            }
            if case .sign(let sign) = current.kind, sign.closer != nil, partners[index] > index {
                index = partners[index] + 1
            } else {
                index += 1
            }
        }
    }

    /// `x, y in`
    private mutating func skipClosureHead() {
        var ahead = index
        while case .identifier = tokens[ahead].kind {
            ahead += 1
            if tokens[ahead].kind == .keyword(.in) {
                index = ahead + 1
                return
            }
            guard tokens[ahead].kind == .sign(.comma) else { return }
            ahead += 1
        }
    }
}
