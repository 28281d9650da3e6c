// What keeps a sweep from being run, and what to do about it.

import Support

public enum SweepFault: Error, Equatable, CustomStringConvertible {
    // The grid.
    case nothingVaries(known: [String])
    case parameterTwice(name: String)
    case valueTwice(name: String, first: String, second: String)
    /// nil where they cannot even be counted.
    case tooManyPoints(count: Int?, most: Int)
    // The folder.
    case notASweep(path: String)
    case otherContents(path: String)
    case otherNotebook(path: String, theirs: String, ours: String)
    case changedNotebook(path: String, notebook: String)
    case version(path: String, found: Int, known: Int)
    case malformed(path: String, what: String)
    case inUse(path: String, owner: FolderLock.Owner?)
    case foreignOwner(path: String, owner: FolderLock.Owner)
    case noPoint(path: String, name: String)
    // What the notebook does.
    case writesOutside(path: String, line: Int)
    case readsOutside(path: String, line: Int, start: String)
    case goesElsewhere(line: Int)
    // The machine.
    case disk(path: String, needed: Int, free: Int)
    case memory(needed: Int, free: Int)

    public var description: String {
        switch self {
        case .nothingVaries(let known):
            known.isEmpty
                ? "the notebook has no parameters: no cell '# %% params' with a 'let name = value'"
                : "no parameter is given values; the notebook has \(known.joined(separator: ", "))"
        case .parameterTwice(let name): "-p \(name) is given twice"
        case .valueTwice(let name, let first, let second):
            first == second ? "-p \(name) has \(first) twice" : "-p \(name): \(first) and \(second) are the same value"
        case .tooManyPoints(let count, let most):
            "\(count.map { NumberText.grouped($0) } ?? "more than can be counted") points are more than the "
                + "\(NumberText.grouped(most)) that one sweep may have"
        case .notASweep(let path): "\(path) is not a sweep: it has no \(Sweep.fileName)"
        case .otherContents(let path): "\(path) is there already and is not a sweep"
        case .otherNotebook(let path, let theirs, let ours): "\(path) is a sweep of \(theirs), not of \(ours)"
        case .changedNotebook(let path, let notebook):
            "\(notebook) has changed since the sweep in \(path) began: its points would not be comparable"
        case .version(let path, let found, let known):
            "\(path) was written in format \(found); this program knows format \(known)"
        case .malformed(let path, let what): "\(path): '\(what)' is not as it should be"
        case .inUse(let path, let owner):
            "\(path) is being worked on"
                + (owner.map { " by process \($0.process) on \($0.host) since \($0.since)" } ?? "")
        case .foreignOwner(let path, let owner):
            "\(path) belongs to process \(owner.process) on \(owner.host) since \(owner.since), which cannot be seen "
                + "from here"
        case .noPoint(let path, let name): "the sweep in \(path) has no point '\(name)'"
        case .writesOutside(let path, let line):
            "line \(line) writes \"\(path)\", outside of a point's folder: all points would write the same file"
        case .readsOutside(let path, let line, let start):
            "line \(line) reads \"\(path)\", which is not below \(start), where the notebook's paths start"
        case .goesElsewhere(let line): "line \(line) goes to another folder, and a point runs in its own"
        case .disk(let path, let needed, let free):
            "the points would take about \(byteText(needed)), and \(byteText(free)) are free where \(path) lies"
        case .memory(let needed, let free):
            "a point took \(byteText(needed)) of memory, and \(byteText(free)) are free"
        }
    }

    /// The next thing to do.
    /// - Parameter command: how this sweep is called for, `icot sweep a.icot --to runs/a`.
    public func help(_ command: String) -> String? {
        switch self {
        case .nothingVaries(let known):
            known.isEmpty ? nil : "write \(command) -p \(known.last ?? "seed")=1...8"
        case .parameterTwice(let name): "write its values in one: -p \(name)=1,2"
        case .valueTwice: "leave one of them out"
        case .tooManyPoints: "give fewer values"
        case .notASweep: "give the folder that icot sweep made"
        case .otherContents, .otherNotebook, .changedNotebook: "choose another folder with --to"
        case .version, .malformed, .noPoint: nil
        case .inUse: "wait for it, or choose another folder with --to"
        case .foreignOwner(let path, _): "if it is gone, remove \(path)/owner.lock"
        case .writesOutside: "give a path without .. that does not begin with / or ~"
        case .readsOutside: "give the whole path, or start icot in a folder above both"
        case .goesElsewhere: "take cd() out, and write the folder into each path"
        case .disk: "make room, or put the sweep elsewhere with --to"
        case .memory: "wait until other programs have ended"
        }
    }
}
