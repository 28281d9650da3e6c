// A fix is tried before it is proposed.
//
// The checker says what is wrong and often proposes an edit. Here each edit is applied to the text, and the text is
// read and checked again: an edit that leaves its lines with an error of another kind is carried on with (`plot
// timeline x: …` may need two), and where that leads nowhere the message proposes none. Before that, each line at
// fault is compared with the habits of other languages (Habits.swift): where one of them turns the whole line into
// one that icot reads, this is the mistake, and it stands for all that was found in its lines. So one mistake gives
// one error, and what an error proposes can be taken.
//
// Nothing here looks at a text that is right, so no habit can take a meaning away.

struct Mender {
    private let source: SourceText
    private let context: LanguageContext
    /// How many more texts are read to try edits. In a text with more mistakes than that the last ones propose nothing.
    private var trialsLeft: Int

    /// The diagnostics of a text, with fixes that fix.
    static func mended(
        _ diagnostics: [Diagnostic], _ source: SourceText, _ context: LanguageContext
    ) -> [Diagnostic] {
        guard diagnostics.contains(where: { $0.severity == .error }) else { return diagnostics }
        // Trying costs as many readings of the whole text as there are edits.
        var mender = Mender(source: source, context: context, trialsLeft: source.count < 20_000 ? 120 : 12)
        return mender.mended(diagnostics)
    }

    private mutating func mended(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        var kept: [Diagnostic] = []
        var rest = diagnostics[...]
        while let first = rest.first {
            let place = HabitPlace(source, context, at: first)
            if let (habit, lines) = fitting(Habits.sure, place, first, stepsMax: 6) {
                kept.append(habit)
                rest = rest.drop { lines.contains(source.line(at: $0.span.start)) }
                continue
            }
            rest = rest.dropFirst()
            let tried = tried(first, among: diagnostics)
            if tried.replacement == nil, let (habit, lines) = fitting(Habits.likely, place, first, stepsMax: 1) {
                kept.append(habit)
                rest = rest.drop { lines.contains(source.line(at: $0.span.start)) }
            } else {
                kept.append(tried)
            }
        }
        return kept
    }

    // MARK: - Habits

    /// The first habit whose edit leaves its lines without a mistake, and the lines that it speaks for.
    private mutating func fitting(
        _ habits: [Habits.Recognizer], _ place: HabitPlace, _ diagnostic: Diagnostic, stepsMax: Int
    ) -> (Diagnostic, ClosedRange<Int>)? {
        for recognizer in habits {
            for habit in recognizer(place) {
                guard let edit = habit.edit else {
                    return (habit.diagnostic(diagnostic), habit.lines(in: source))
                }
                // What is right elsewhere in the line is not what was found.
                guard stepsMax == 1 || edit.touches(diagnostic.span) else { continue }
                guard var mended = Trial(source).applying(edit) else { continue }
                guard isMended(&mended, stepsMax: stepsMax) else { continue }
                let whole = mended.steps == 1 ? edit : mended.edit
                var found = habit.diagnostic(diagnostic)
                found.replacement = whole
                if mended.steps > 1 || found.help == nil { found.help = help(mended) }
                return (found, habit.lines(in: source))
            }
        }
        return nil
    }

    // MARK: - Edits that the checker proposes

    /// The diagnostic with an edit that leads to a text without this mistake, or with none.
    private mutating func tried(_ diagnostic: Diagnostic, among all: [Diagnostic]) -> Diagnostic {
        guard let edit = diagnostic.replacement else { return diagnostic }
        var result = diagnostic
        result.replacement = nil
        guard let trial = Trial(source).applying(edit), trialsLeft > 0 else { return result }
        trialsLeft -= 1
        let left = errors(in: trial)
        let others = all.filter { $0 != diagnostic }
        // Mistakes that were there before are not this one's to mend.
        if left.allSatisfy({ now in others.contains { $0.code == now.code && $0.message == now.message } }) {
            return diagnostic
        }
        var mended = trial
        if isMended(&mended) {
            result.replacement = mended.edit
            result.help = help(mended)
        } else if diagnostic.code.rawValue < "E2" {
            // What the sentence says is right; what it proposes is not.
            result.help = "?syntax shows how lines are written"
        }
        return result
    }

    /// Carries on with a text whose edit left mistakes in its lines, as long as these propose edits in turn.
    private mutating func isMended(_ trial: inout Trial, stepsMax: Int = 6) -> Bool {
        while trial.steps <= stepsMax, trialsLeft > 0 {
            trialsLeft -= 1
            let left = errors(in: trial)
            guard let next = left.first else { return true }
            guard trial.steps < stepsMax else { return false }
            guard let edit = next.replacement ?? habitEdit(next, trial), let further = trial.applying(edit) else {
                return false
            }
            trial = further
        }
        return false
    }

    private func habitEdit(_ diagnostic: Diagnostic, _ trial: Trial) -> Diagnostic.Replacement? {
        let place = HabitPlace(trial.source, context, at: diagnostic)
        for recognizer in Habits.sure {
            for habit in recognizer(place) {
                if let edit = habit.edit, edit.touches(diagnostic.span) { return edit }
            }
        }
        return nil
    }

    /// What is wrong in the lines that a trial has changed.
    private func errors(in trial: Trial) -> [Diagnostic] {
        let parsed = Parser.parse(trial.source, context)
        return Checker.check(parsed, context).filter {
            $0.severity == .error && trial.lines.contains(trial.source.line(at: $0.span.start))
        }
    }

    private func help(_ trial: Trial) -> String? {
        let lines = trial.lines.map { trial.source.text(trial.source.span(ofLine: $0)) }
        guard let first = lines.first else { return nil }
        let shown = first.drop { $0 == " " || $0 == "\t" }
        return "write " + shown + (lines.count > 1 ? " …" : "")
    }
}

extension Diagnostic.Replacement {
    fileprivate func touches(_ other: SourceSpan) -> Bool { span.start <= other.end && other.start <= span.end }
}

/// A text with edits applied to it one after another.
struct Trial {
    private let original: SourceText
    private(set) var source: SourceText
    private(set) var steps = 0
    /// The lines of `source` that were touched.
    private(set) var lines: ClosedRange<Int> = 0...0

    init(_ source: SourceText) {
        original = source
        self.source = source
    }

    /// Nil where the edit lies outside of the text or changes nothing.
    func applying(_ edit: Diagnostic.Replacement) -> Trial? {
        guard edit.span.start >= 0, edit.span.end <= source.count, source.text(edit.span) != edit.text else {
            return nil
        }
        var next = self
        var bytes = source.bytes
        bytes.replaceSubrange(edit.span.start..<edit.span.end, with: edit.text.utf8)
        next.source = SourceText(bytes: bytes, name: source.name)
        let first = source.line(at: edit.span.start)
        let last = next.source.line(at: edit.span.start + edit.text.utf8.count)
        let grown = next.source.lineStarts.count - source.lineStarts.count
        next.lines =
            steps == 0
            ? first...max(first, last)
            : min(lines.lowerBound, first)...max(lines.upperBound + grown, last, first)
        next.steps += 1
        return next
    }

    /// All steps as one edit of the original text.
    var edit: Diagnostic.Replacement {
        let (old, new) = (original.bytes, source.bytes)
        var start = 0
        while start < min(old.count, new.count), old[start] == new[start] { start += 1 }
        var end = 0
        while end < min(old.count, new.count) - start, old[old.count - 1 - end] == new[new.count - 1 - end] { end += 1 }
        // Whole words, so that the edit can be read.
        while start > 0, Trial.isInWord(old[start - 1]) { start -= 1 }
        while end > 0, Trial.isInWord(old[old.count - end]) { end -= 1 }
        return .init(
            SourceSpan(start, old.count - end), String(decoding: new[start..<(new.count - end)], as: UTF8.self))
    }

    private static func isInWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }
}
