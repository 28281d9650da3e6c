// What a text would do to the world if it ran, from the text and the signature table alone: nothing is run, no file is
// touched. A path that is only known while running is reported as unknown; the session holds every command to what its
// signature says, so nothing can go past this list.

public struct Effects: Sendable, Equatable {
    public struct FileUse: Sendable, Equatable {
        /// The path as written; nil where the text does not tell.
        public var path: String?
        public var verb: String
        public var span: SourceSpan
    }

    public var reads: [FileUse] = []
    public var writes: [FileUse] = []
    /// Verbs that run a program of the system.
    public var programs: [FileUse] = []
    public var changesRun = false

    public static func of(_ source: SourceText, _ context: LanguageContext) -> Effects {
        of(Parser.parse(source, context), context)
    }

    public static func of(_ parsed: ParsedText, _ context: LanguageContext) -> Effects {
        var collector = Collector(context: context)
        for statement in parsed.program.statements { collector.visit(statement) }
        return collector.effects
    }

    private struct Collector {
        let context: LanguageContext
        var effects = Effects()

        mutating func visit(_ block: Block) { for statement in block.statements { visit(statement) } }

        mutating func visit(_ statement: Statement) {
            switch statement.kind {
            case .binding(_, let value), .expression(let value): visit(value)
            case .assignment(let target, let value):
                visit(target)
                visit(value)
            case .definition(let definition):
                for parameter in definition.parameters { if let value = parameter.defaultValue { visit(value) } }
                visit(definition.body)
            case .forLoop(_, let value, let body), .whileLoop(let value, let body):
                visit(value)
                visit(body)
            case .conditional(let branches, let otherwise):
                for branch in branches {
                    visit(branch.condition)
                    visit(branch.block)
                }
                if let otherwise { visit(otherwise) }
            case .returning(let value): if let value { visit(value) }
            case .breakLoop, .continueLoop: break
            case .attempt(let body, _, let handler):
                visit(body)
                if let handler { visit(handler) }
            case .importing(let path, let span): effects.reads.append(FileUse(path: path, verb: "import", span: span))
            }
        }

        mutating func visit(_ expression: Expression) {
            switch expression.kind {
            case .none, .boolean, .integer, .bigInteger, .real, .name, .rowField, .invalid: break
            case .text(let pieces): for case .interpolation(let value) in pieces { visit(value) }
            case .selector(let selector): if let index = selector.index { visit(index) }
            case .list(let items): for item in items { visit(item) }
            case .record(let entries): for entry in entries { visit(entry.value) }
            case .range(let lower, let upper, _):
                if let lower { visit(lower) }
                if let upper { visit(upper) }
            case .closure(_, let body): visit(body)
            case .call(let call): visit(call, isPiped: false, expression.span)
            case .pipeline(let stages):
                for (index, stage) in stages.enumerated() {
                    if case .call(let call) = stage.kind {
                        visit(call, isPiped: index > 0, stage.span)
                    } else {
                        visit(stage)
                    }
                }
            case .index(let base, let positions):
                visit(base)
                for position in positions { visit(position) }
            case .field(let base, _): visit(base)
            case .unary(_, let inner), .timed(let inner), .attempt(let inner): visit(inner)
            case .binary(_, let left, let right), .logical(_, let left, let right):
                visit(left)
                visit(right)
            }
        }

        private mutating func visit(_ call: Call, isPiped: Bool, _ span: SourceSpan) {
            if case .value(let callee) = call.callee { visit(callee) }
            for argument in call.arguments { visit(argument.value) }
            if let predicate = call.predicate { visit(predicate) }
            if let key = call.key { visit(key) }
            guard let name = call.name, let signature = context.signatures[name.text] else { return }
            var place = isPiped ? 1 : 0
            if isPiped, let first = signature.values.first { note(first, nil, name, name.span) }
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
            for effect in signature.effects {
                switch effect {
                case .reads(let path): effects.reads.append(FileUse(path: path, verb: name.text, span: name.span))
                case .writes(let path): effects.writes.append(FileUse(path: path, verb: name.text, span: name.span))
                case .writesNamed(let folder, let label):
                    guard let argument = call.arguments.first(where: { $0.label?.text == label }) else { break }
                    effects.writes.append(
                        FileUse(
                            path: argument.value.constantText.map { folder + $0 }, verb: name.text, span: argument.span)
                    )
                case .runsPrograms: effects.programs.append(FileUse(path: nil, verb: name.text, span: name.span))
                case .changesRun: effects.changesRun = true
                }
            }
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
                if use == .read { effects.reads.append(file) } else { effects.writes.append(file) }
            }
        }
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
