// What a text would do to the world if it ran, from the text and the signature table alone: nothing is run, no file is
// touched. A path that is only known while running is reported as unknown; the session holds every command to what its
// signature says, so nothing can go past this list.

public struct Effects: Sendable, Equatable {
    public struct FileUse: Sendable, Equatable {
        /// The path as written; nil where the text does not tell.
        public var path: String?
        public var verb: String
        public var span: SourceSpan
        /// Whether it goes on with what it wrote there at another time.
        public var goesOn = false
    }

    public var reads: [FileUse] = []
    public var writes: [FileUse] = []
    /// Verbs that run a program of the system.
    public var programs: [FileUse] = []
    /// Verbs that go to another folder.
    public var entered: [FileUse] = []
    /// Verbs that ask a server; the path is its address.
    public var asked: [FileUse] = []
    /// States of the host that it changes, each once, with what of them.
    public var changes: [Change] = []

    public struct Change: Sendable, Equatable {
        public var state: String
        public var parts: String
    }

    public static func of(_ source: SourceText, _ context: LanguageContext) -> Effects {
        of(Parser.parse(source, context), context)
    }

    public static func of(_ parsed: ParsedText, _ context: LanguageContext) -> Effects {
        var collector = Collector(context: context)
        collector.walk(parsed.program.statements)
        return collector.effects
    }

    private struct Collector: TreeWalker {
        let context: LanguageContext
        var effects = Effects()

        mutating func visit(_ statement: Statement) {
            if case .importing(let path, let span) = statement.kind {
                effects.reads.append(FileUse(path: path, verb: "import", span: span))
            }
            walk(statement)
        }

        mutating func visit(_ call: Call, at span: SourceSpan, piped: Expression?) {
            walk(call)
            guard let name = call.name, let signature = context.signatures[name.text] else { return }
            var place = piped == nil ? 0 : 1
            if piped != nil, let first = signature.values.first { note(first, nil, name, name.span) }
            for argument in call.arguments {
                let parameter: Parameter?
                if let label = argument.label {
                    parameter = signature.parameter(labelled: label.text)
                } else {
                    parameter = place < signature.values.count ? signature.values[place] : signature.values.last
                    place += 1
                }
                if let parameter { note(parameter, argument.value, name, argument.span) }
            }
            // What is left out is what its default says, as it will be while running.
            func labelled(_ label: String) -> (value: Expression, span: SourceSpan)? {
                call.arguments.first { $0.label?.text == label }.map { ($0.value, $0.span) }
                    ?? signature.parameter(labelled: label)?.defaultExpression.map { ($0, name.span) }
            }
            let leftOut =
                signature.values.dropFirst(place)
                + signature.labelled.filter { parameter in
                    !call.arguments.contains { $0.label?.text == parameter.label }
                }
            for parameter in leftOut {
                if let value = parameter.defaultExpression { note(parameter, value, name, name.span) }
            }
            let first = first(of: call, piped, signature, name)
            for effect in signature.effects {
                switch effect {
                case .reads(let path): effects.reads.append(FileUse(path: path, verb: name.text, span: name.span))
                case .writes(let path): effects.writes.append(FileUse(path: path, verb: name.text, span: name.span))
                case .writesNamed(let folder, let label, let switched):
                    guard let argument = labelled(label) else { break }
                    effects.writes.append(
                        FileUse(
                            path: argument.value.constantText.map { folder + $0 }, verb: name.text, span: argument.span,
                            goesOn: switched.flatMap { labelled($0) }.map { !isFalse($0) } ?? false))
                case .holds(let label):
                    if let given = labelled(label), isFalse(given) { break }
                    effects.writes.append(first)
                case .runsPrograms: effects.programs.append(first)
                case .entersFolder: effects.entered.append(first)
                case .asks(let label, let file, let switched):
                    guard let address = labelled(label) else { break }
                    let isAsking = labelled(switched).map { !isFalse($0) } ?? true
                    let kept = FileUse(
                        path: labelled(file)?.value.constantText, verb: name.text, span: address.span,
                        goesOn: isAsking)
                    if isAsking {
                        effects.asked.append(
                            FileUse(path: address.value.constantText, verb: name.text, span: address.span))
                        effects.writes.append(kept)
                    } else {
                        effects.reads.append(kept)
                    }
                case .changes(let state, let parts):
                    let change = Change(state: state, parts: parts)
                    if !effects.changes.contains(change) { effects.changes.append(change) }
                }
            }
        }

        private func isFalse(_ argument: (value: Expression, span: SourceSpan)) -> Bool {
            if case .boolean(false) = argument.value.kind { true } else { false }
        }

        /// The first value given by place, where the text tells it.
        private func first(
            of call: Call, _ piped: Expression?, _ signature: CommandSignature, _ name: Name
        ) -> FileUse {
            let value =
                piped ?? call.arguments.first { $0.label == nil }?.value ?? signature.values.first?.defaultExpression
            return FileUse(path: value?.constantText, verb: name.text, span: name.span)
        }

        private mutating func note(_ parameter: Parameter, _ value: Expression?, _ name: Name, _ span: SourceSpan) {
            let uses = parameter.kind.pathUses
            guard !uses.isEmpty else { return }
            if case .list(let items)? = value?.kind {
                for item in items { note(parameter, item, name, item.span) }
                return
            }
            // A value that cannot be a text is not a path, as in `compare a to: b` with a run.
            if let value, value.constantText == nil, !value.mayBeText { return }
            for use in uses {
                let file = FileUse(path: value?.constantText, verb: name.text, span: span)
                switch use {
                case .read: effects.reads.append(file)
                case .write: effects.writes.append(file)
                case .look: break
                }
            }
        }
    }
}

extension Parameter {
    /// The default as the text of a program; nil where there is none.
    fileprivate var defaultExpression: Expression? {
        guard let defaultText else { return nil }
        let parsed = Parser.parse(SourceText(defaultText), LanguageContext(signatures: SignatureTable()))
        guard case .expression(let value)? = parsed.program.statements.first?.kind else { return nil }
        return value
    }
}

extension Expression {
    fileprivate var mayBeText: Bool {
        switch kind {
        case .none, .boolean, .integer, .bigInteger, .real, .selector, .record, .range, .closure, .unary: false
        default: true
        }
    }
}
