// Commands as shells write them, calls as object-oriented languages write them.

extension Habits {
    // MARK: - Arguments

    /// `train --steps 200`, `train --steps=200`
    static func flags(_ place: HabitPlace) -> [Habit] {
        var edited = ""
        var from = place.span.start
        var first: SourceSpan?
        for index in place.tokens.indices where place.isSign(index, .minus) && place.tokens[index].hasSpaceBefore {
            guard place.isSign(index + 1, .minus), !place.tokens[index + 1].hasSpaceBefore,
                let word = place.word(index + 2), !place.tokens[index + 2].hasSpaceBefore
            else { continue }
            var end = place.tokens[index + 2].span.end
            edited += place.text(from, place.tokens[index].span.start) + "\(word):"
            if place.isSign(index + 3, .equals) {
                end = place.tokens[index + 3].span.end
                edited += " "
            }
            first = first ?? SourceSpan(place.tokens[index].span.start, end)
            from = end
        }
        guard let first else { return [] }
        return [
            Habit(
                message: "a label is written with a colon, without dashes", span: first,
                edit: place.rewriting(edited + place.text(from, place.span.end)))
        ]
    }

    /// `gen .mult, n: 10`: all the commas of a command at once.
    static func commas(_ place: HabitPlace) -> [Habit] {
        guard let word = place.identifier(0), place.isVerb(word) else { return [] }
        let found = place.outer(1..<place.tokens.count).filter { place.isSign($0, .comma) }
        guard let first = found.first else { return [] }
        var edited = ""
        var from = place.span.start
        for index in found {
            edited += place.text(from, place.tokens[index].span.start)
            from = place.tokens[index].span.end
            if let next = place.token(index + 1), !next.hasSpaceBefore { edited += " " }
        }
        let spaced = Habit(
            message: "\(word): the values of a command are separated by spaces, not commas",
            span: place.tokens[first].span, edit: place.rewriting(edited + place.text(from, place.span.end)))
        // Two numbers side by side are no command either: then a list was meant.
        let end = place.tokens.indices.first { $0 > first && isLabel(place.tokens[$0]) } ?? place.tokens.count
        let values = SourceSpan(place.tokens[1].span.start, place.tokens[end - 1].span.end)
        let listed = Habit(
            message: "\(word): a list of values is written in brackets", span: place.tokens[first].span,
            edit: .init(values, "[\(place.source.text(values))]"), help: "write [\(place.source.text(values))]")
        return [spaced, listed]
    }

    /// `train steps 200`, `schedule side .left`
    static func labelWithoutColon(_ place: HabitPlace) -> [Habit] {
        guard let verb = place.identifier(0),
            let signature = place.context.definitions[verb] ?? place.context.signatures.verbs[verb]
        else { return [] }
        var edited = ""
        var from = place.span.start
        var first: (label: String, span: SourceSpan)?
        for index in place.outer(1..<place.tokens.count) {
            guard let word = place.identifier(index), !place.isKnown(word),
                place.token(index + 1)?.hasSpaceBefore == true,
                let label = signature.parameter(labelled: word)?.label ?? signature.label(meantBy: word, notAmong: [])
            else { continue }
            let span = place.tokens[index].span
            edited += place.text(from, span.start) + "\(label):"
            from = span.end
            first = first ?? (label, span)
        }
        guard let first else { return [] }
        return [
            Habit(
                message: "\(verb): the label '\(first.label)' ends with a colon", span: first.span,
                edit: place.rewriting(edited + place.text(from, place.span.end)))
        ]
    }

    /// `plot(t, x=.removed, y=.accuracy)`, `train steps=200 lr=0.1`
    static func labelsWithEquals(_ place: HabitPlace) -> [Habit] {
        var edited = ""
        var from = place.span.start
        var first: SourceSpan?
        for index in place.tokens.indices where index > 1 && place.isSign(index, .equals) {
            guard place.identifier(index - 1) != nil, place.word(index - 2) != "let", let next = place.token(index + 1)
            else { continue }
            edited += place.text(from, place.tokens[index - 1].span.end) + ":" + (next.hasSpaceBefore ? "" : " ")
            from = place.tokens[index].span.end
            first = first ?? SourceSpan(place.tokens[index - 1].span.start, from)
        }
        guard let first else { return [] }
        return [
            Habit(
                message: "a label is written with a colon", span: first,
                edit: place.rewriting(edited + place.text(from, place.span.end)))
        ]
    }

    /// `t | head(3)`
    static func pipedCall(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .pipe) {
            guard let word = place.identifier(index + 1), place.isVerb(word), place.isSign(index + 2, .openParenthesis),
                let closer = place.closer(of: index + 2)
            else { continue }
            let values = place.text(tokens: index + 3, upTo: closer).replacing(", ", with: " ")
            let span = SourceSpan(place.tokens[index + 1].span.start, place.tokens[closer].span.end)
            let written = values.isEmpty ? word : "\(word) \(values)"
            return [
                Habit(
                    message: "after '|' comes a command, without the parentheses of a call", span: span,
                    edit: .init(span, written), help: "write | \(written)")
            ]
        }
        return []
    }

    /// `xs |> map …`, `xs %>% map …`
    static func otherPipes(_ place: HabitPlace) -> [Habit] {
        for sign in ["|>", "%>%"] {
            guard let mark = place.text.ranges(of: sign).first else { continue }
            let start = place.span.start + place.text[..<mark.lowerBound].utf8.count
            let span = SourceSpan(start, start + sign.utf8.count)
            return [Habit(message: "'\(sign)' is written |", span: span, edit: .init(span, "|"), help: "write |")]
        }
        return []
    }

    // MARK: - Words of shells and of the prompt

    /// `help`, `man train`, `cd "x"`, `clear`, `quit`
    static func asking(_ place: HabitPlace) -> [Habit] {
        guard let word = place.identifier(0), !place.isKnown(word), place.tokens.count <= 4 else { return [] }
        func habit(_ message: String, _ help: String) -> [Habit] {
            [Habit(message: message, span: place.tokens[0].span, edit: nil, help: help)]
        }
        switch word {
        case "help", "man", "info", "doc", "apropos", "usage":
            let about = place.word(1) ?? ""
            return habit(
                "'\(word)' is asked with a question mark", about.isEmpty ? "? lists the verbs" : "?\(about) explains it"
            )
        case "quit", "exit", "logout", "bye":
            return habit("'\(word)' leaves the prompt, and means nothing inside a text", "Ctrl-D leaves")
        case "clear", "cls": return habit("'\(word)' is a command of the shell", "Ctrl-L clears the screen")
        case "history":
            return habit("'history' is asked at the prompt, and means nothing inside a text", "Ctrl-R searches")
        case "cat", "mkdir", "rm", "cp", "mv", "dir", "git", "pip", "sudo", "python", "source":
            return habit(
                "'\(word)' is a command of the shell", "at the prompt, write !\(word) and the rest of the line")
        default: return []
        }
    }

    /// `pass`
    static func emptyStatement(_ place: HabitPlace) -> [Habit] {
        guard let word = place.identifier(0), ["pass", "noop", "nop", "end", "done", "fi"].contains(word),
            place.tokens.count == 1
        else { return [] }
        return [
            Habit(
                message: "'\(word)' is not part of the language", span: place.tokens[0].span, edit: nil,
                help: "take it away; an empty block is { }")
        ]
    }

    /// `head 3 t`
    static func swappedValues(_ place: HabitPlace) -> [Habit] {
        guard let word = place.identifier(0), place.isVerb(word), place.tokens.count >= 3,
            place.tokens.count == 3 || isLabel(place.tokens[3]), place.tokens[2].hasSpaceBefore
        else { return [] }
        let (one, two) = (place.text(place.tokens[1]), place.text(place.tokens[2]))
        let span = SourceSpan(place.tokens[1].span.start, place.tokens[2].span.end)
        return [
            Habit(
                message: "\(word): these two values belong the other way round", span: span,
                edit: .init(span, "\(two) \(one)"), help: "write \(word) \(two) \(one)")
        ]
    }

    private static func isLabel(_ token: Token) -> Bool { if case .label = token.kind { true } else { false } }

    /// `t where .removed > 1`
    static func filterWithoutVerb(_ place: HabitPlace) -> [Habit] {
        guard let name = place.identifier(0), place.names.contains(name), place.word(1) == "where" else { return [] }
        return [
            Habit(
                message: "where belongs to a command", span: place.tokens[1].span,
                edit: .init(SourceSpan(at: place.span.start), "filter "), help: "write filter \(name) where …")
        ]
    }

    /// `sort t by .accuracy`
    static func sortedBy(_ place: HabitPlace) -> [Habit] {
        guard let word = place.identifier(0), place.isVerb(word) else { return [] }
        return place.tokens.indices.filter { place.word($0) == "by" && place.token($0 + 1) != nil }.map { index in
            Habit(
                message: "\(word): takes the column without 'by'", span: place.tokens[index].span,
                edit: .init(SourceSpan(place.tokens[index].span.start, place.tokens[index + 1].span.start), ""))
        }
    }

    /// `eval data where carries > 1 by carries`
    static func rowFields(_ place: HabitPlace) -> [Habit] {
        guard let clause = place.tokens.firstIndex(where: { $0.kind == .keyword(.where) || $0.kind == .keyword(.by) })
        else { return [] }
        var edited = ""
        var from = place.span.start
        var first: (word: String, span: SourceSpan)?
        for index in clause + 1..<max(place.tokens.count, clause + 1) {
            guard let word = place.identifier(index), !place.isKnown(word) else { continue }
            let span = place.tokens[index].span
            edited += place.text(from, span.start) + "."
            from = span.start
            first = first ?? (word, span)
        }
        guard let first else { return [] }
        return [
            Habit(
                message: "a field of the row is written .\(first.word)", span: first.span,
                edit: place.rewriting(edited + place.text(from, place.span.end)))
        ]
    }

    // MARK: - Names

    /// `my-data`
    static func hyphenatedName(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .minus) && index > 0 {
            guard let left = place.identifier(index - 1), let right = place.word(index + 1),
                !place.tokens[index].hasSpaceBefore, !place.tokens[index + 1].hasSpaceBefore
            else { continue }
            let isNew = place.word(index - 2) == "let"
            guard isNew || place.isKnown("\(left)_\(right)") else { continue }
            let span = SourceSpan(place.tokens[index - 1].span.start, place.tokens[index + 1].span.end)
            return [
                Habit(
                    message: "names have _ inside, not -", span: span, edit: .init(span, "\(left)_\(right)"),
                    help: "write \(left)_\(right)")
            ]
        }
        return []
    }

    // MARK: - Calls

    /// What methods of other languages are called here.
    private static let functions = [
        "length": "length", "len": "length", "size": "length", "count": "length", "push": "append", "add": "append",
        "toUpperCase": "upper", "toLowerCase": "lower", "uppercase": "upper", "lowercase": "lower", "sort": "sorted",
        "reverse": "reversed", "average": "mean", "avg": "mean", "strip": "trim", "str": "text", "join": "joined",
    ]

    /// `xs.length`, `xs.append(4)`, `word.upper()`
    static func methods(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices {
            guard let owner = place.identifier(index), place.names.contains(owner),
                case .dotName(let word)? = place.token(index + 1)?.kind, let dot = place.token(index + 1),
                !dot.hasSpaceBefore
            else { continue }
            let whole = SourceSpan(place.tokens[index].span.start, dot.span.end)
            if let position = ["first": "0", "last": "-1"][word], !place.isSign(index + 2, .openParenthesis) {
                return [
                    Habit(
                        message: "an element is taken with its index", span: whole,
                        edit: .init(whole, "\(owner)[\(position)]"), help: "write \(owner)[\(position)]")
                ]
            }
            let name = place.isCallable(word) ? word : functions[word] ?? word
            guard place.isCallable(name) else { continue }
            var written = "\(name)(\(owner))"
            var end = dot.span.end
            if place.isSign(index + 2, .openParenthesis), !place.tokens[index + 2].hasSpaceBefore,
                let closer = place.closer(of: index + 2)
            {
                let others = place.text(tokens: index + 3, upTo: closer)
                if !others.isEmpty { written = "\(name)(\(owner), \(others))" }
                end = place.tokens[closer].span.end
            }
            let span = SourceSpan(place.tokens[index].span.start, end)
            // A field may have the name of a function: only what is at fault is blamed.
            guard place.fault.start <= span.end, place.fault.end >= span.start else { continue }
            return [
                Habit(
                    message: "'\(name)' is a function, not a field", span: span, edit: .init(span, written),
                    help: "write \(written)")
            ]
        }
        return []
    }

    /// `math.sqrt(4)`, `np.mean(xs)`, `console.log("x")`
    static func modules(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices {
            guard let module = place.identifier(index), !place.isKnown(module),
                case .dotName(let word)? = place.token(index + 1)?.kind, let dot = place.token(index + 1),
                !dot.hasSpaceBefore, place.isSign(index + 2, .openParenthesis)
            else { continue }
            let name = module == "console" ? "print" : place.isCallable(word) ? word : functions[word] ?? word
            guard place.isCallable(name) else { continue }
            let span = SourceSpan(place.tokens[index].span.start, dot.span.end)
            return [
                Habit(
                    message: "functions belong to no module", span: span, edit: .init(span, name),
                    help: "write \(name)(…)")
            ]
        }
        return []
    }

    /// `sqrt 4`, `print len xs`
    static func functionWithoutParentheses(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices {
            guard let word = place.identifier(index), let next = place.token(index + 1), next.hasSpaceBefore else {
                continue
            }
            let name = place.isCallable(word) ? word : functions[word] ?? ""
            guard place.context.signatures.functions[name] != nil, !place.names.contains(word) else { continue }
            let end =
                next.kind == .textStart
                ? (index + 1..<place.tokens.count).first { place.tokens[$0].kind == .textEnd } ?? index + 1
                : place.isSign(index + 1, .openBracket) ? place.closer(of: index + 1) ?? index + 1 : index + 1
            let span = SourceSpan(place.tokens[index].span.start, place.tokens[end].span.end)
            let written = "\(name)(\(place.text(tokens: index + 1, upTo: end + 1)))"
            return [
                Habit(
                    message: "a function is called with parentheses", span: span, edit: .init(span, written),
                    help: "write \(written)")
            ]
        }
        return []
    }

    /// `join(["a"], " ")`, where the verb works on tables and a function on texts or lists.
    static func listInstead(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices {
            guard let word = place.identifier(index), place.isVerb(word), let name = functions[word], name != word,
                place.isCallable(name)
            else { continue }
            let span = place.tokens[index].span
            return [
                Habit(
                    message: "'\(word)' works on tables; for a list there is '\(name)'", span: span,
                    edit: .init(span, name), help: "write \(name)")
            ]
        }
        return []
    }
}
