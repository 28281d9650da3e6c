// Would the tests notice? Small changes of meaning ("mutants") are built into a copy of the tree, one is switched on
// at a time, and the tests that should notice run. What survives is a rule that no test holds. README.md tells how to
// run this and what was measured last.
//
// The lists are the `.mutants` files beside this one, one a module, and one more for what was written for a purpose of
// its own, such as `Console.blind-1.mutants`: the score is told by such sets.
//
//     tests LanguageTests                                  the filter for those below that name none
//     mutant minus-one-even in Arithmetic.swift: an even power of -1 is -1
//     | b.magnitude.trailingZeroBitCount > 0 ? 1 : -1      what stands in the file, once; spacing is free
//     > -1                                                 what stands there instead
//     by ArithmeticTests                                   a filter of `swift test` (a regular expression)
//
// What follows `|` is an expression, or has one between `[[` and `]]`, and both are built in: `(on ? (new) : (old))`.
// After the line `statement` they are whole statements, `if on { new } else { old }`, where the new ones may be none.
// So one build serves all mutants, and each costs only the run of its tests, which ends with the first that fails.
// The environment variable ICOT_MUTANT says which is on.
//
// A file is found by its name wherever it lies; a snippet that is not in it is looked for in all other sources. Lines
// of code may therefore be moved and formatted freely. A mutant whose snippet is gone or not alone is reported as one
// that no longer applies, and one that the compiler refuses as one that does not build: both count as not caught.
//
//     Tests/Mutants/run [--only REGEX] [--sample N [--seed S]] [--check] [--list] [--write] [--built] [--here] [--jobs N]
//
// `--only` takes those whose id, module, file or set matches; `--sample` tries so many of them, drawn anew each day (or
// by a seed), as all of them take a night; `--check` only finds the snippets and builds nothing;
// `--write` makes the copy with the first of those that do not overlap, to look at, and builds nothing; `--built`
// takes the copy as it was built last; `--here` takes this tree for the copy, and puts its files back at the end;
// `--jobs` says how many are tried side by side (2).

import Foundation

struct Mutant {
    var id = ""
    var list = ""
    var file = ""
    var words = ""
    var found: [String] = []
    var instead: [String] = []
    var isStatement = false
    var filter = ""
    /// What it was written for, such as a round in which nobody had looked at the tests.
    var set = ""

    var module: String { list }
    var snippet: String { found.joined(separator: "\n") }
    var replacement: String { instead.joined(separator: "\n") }
}

enum State { case caught(String), survived, gone(String), refused(String) }

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(2)
}

func say(_ text: String) {
    print(text)
    fflush(stdout)
}

// MARK: - The lists

func readLists(_ folder: URL) -> [Mutant] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    var mutants: [Mutant] = []
    for name in names where name.hasSuffix(".mutants") {
        guard let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8) else { continue }
        let parts = name.split(separator: ".").map(String.init)
        let (list, set) = (parts[0], parts.count > 2 ? parts[1] : "known")
        var filter = ""
        for (number, line) in text.components(separatedBy: "\n").enumerated() {
            let place = "\(name):\(number + 1)"
            if line.hasPrefix("tests ") {
                filter = String(line.dropFirst(6))
            } else if line.hasPrefix("mutant ") {
                let parts = line.dropFirst(7).split(separator: ":", maxSplits: 1)
                let head = parts[0].split(separator: " ")
                guard parts.count == 2, head.count == 3, head[1] == "in" else {
                    fail("\(place): a mutant is 'mutant ID in FILE: words'")
                }
                mutants.append(
                    Mutant(
                        id: String(head[0]), list: list, file: String(head[2]),
                        words: parts[1].trimmingCharacters(in: .whitespaces), filter: filter, set: set))
            } else if mutants.isEmpty || line.isEmpty || line.hasPrefix("#") {
                if !line.isEmpty, !line.hasPrefix("#") { fail("\(place): '\(line)' stands before the first mutant") }
            } else if line.hasPrefix("|") {
                mutants[mutants.count - 1].found.append(String(line.dropFirst(2)))
            } else if line.hasPrefix(">") {
                mutants[mutants.count - 1].instead.append(String(line.dropFirst(2)))
            } else if line.hasPrefix("by ") {
                mutants[mutants.count - 1].filter = String(line.dropFirst(3))
            } else if line == "statement" {
                mutants[mutants.count - 1].isStatement = true
            } else {
                fail("\(place): '\(line)' is no line of a list of mutants")
            }
        }
    }
    for (id, same) in Dictionary(grouping: mutants, by: \.id) where same.count > 1 {
        fail("two mutants are named \(id)")
    }
    return mutants
}

// MARK: - Finding the snippets

/// The words and signs of a snippet in their order, with any spaces between; what is to be replaced is its first group.
func pattern(_ snippet: String) -> NSRegularExpression {
    guard let open = snippet.range(of: "[["), let close = snippet.range(of: "]]", options: .backwards) else {
        return compiled("(" + body(snippet) + ")")
    }
    let parts = [
        snippet[..<open.lowerBound], snippet[open.upperBound..<close.lowerBound], snippet[close.upperBound...],
    ]
    let bodies = parts.map { body(String($0)) }
    return compiled([bodies[0], "(" + bodies[1] + ")", bodies[2]].filter { !$0.isEmpty }.joined(separator: "\\s*"))
}

func compiled(_ text: String) -> NSRegularExpression {
    guard let made = try? NSRegularExpression(pattern: text) else { fail("cannot look for '\(text)'") }
    return made
}

func body(_ snippet: String) -> String {
    func isWord(_ scalar: Unicode.Scalar) -> Bool { scalar == "_" || CharacterSet.alphanumerics.contains(scalar) }
    var pieces: [String] = []
    var wasWord = false
    var hadSpace = false
    for scalar in snippet.unicodeScalars {
        if CharacterSet.whitespacesAndNewlines.contains(scalar) {
            hadSpace = true
            continue
        }
        if isWord(scalar), wasWord, !hadSpace {
            pieces[pieces.count - 1] += String(scalar)
        } else {
            if !pieces.isEmpty { pieces.append(isWord(scalar) && wasWord ? "\\s+" : "\\s*") }
            let text = String(scalar)
            pieces.append(NSRegularExpression.escapedPattern(for: text))
        }
        wasWord = isWord(scalar)
        hadSpace = false
    }
    let body = pieces.joined()
    let first = snippet.unicodeScalars.first { !CharacterSet.whitespacesAndNewlines.contains($0) }
    let last = snippet.unicodeScalars.last { !CharacterSet.whitespacesAndNewlines.contains($0) }
    return (first.map(isWord) == true ? "\\b" : "") + body + (last.map(isWord) == true ? "\\b" : "")
}

/// Hands out the scripts of a page.
let pagePath = "Sources/Page/Page.swift"

struct Place {
    var path: String
    var range: NSRange
}

final class Sources {
    let texts: [String: NSString]
    let root: URL

    init(_ root: URL) {
        self.root = root
        var texts: [String: NSString] = [:]
        let walker = FileManager.default.enumerator(atPath: root.appending(path: "Sources").path)
        while let name = walker?.nextObject() as? String {
            guard [".swift", ".c", ".cu", ".h", ".js"].contains(where: name.hasSuffix) else { continue }
            let path = "Sources/" + name
            if let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8) {
                texts[path] = text as NSString
            }
        }
        self.texts = texts
    }

    private func matches(_ pattern: NSRegularExpression, _ path: String) -> [Place] {
        guard let text = texts[path] else { return [] }
        return pattern.matches(in: text as String, range: NSRange(location: 0, length: text.length))
            .map { Place(path: path, range: $0.range(at: 1)) }
    }

    func find(_ mutant: Mutant) -> (place: Place?, problem: String) {
        let wanted = pattern(mutant.snippet)
        let named = texts.keys.filter { $0.hasSuffix("/" + mutant.file) }.sorted()
        var found = named.flatMap { matches(wanted, $0) }
        if found.isEmpty { found = texts.keys.sorted().flatMap { matches(wanted, $0) } }
        if found.count == 1 { return (found[0], "") }
        if found.isEmpty {
            return (nil, named.isEmpty ? "neither the file nor the code is there" : "the code is not there")
        }
        return (nil, "the code is there \(found.count) times")
    }
}

// MARK: - Building the switches in

/// The name of a mutant's switch.
func flag(_ mutant: Mutant) -> String {
    "mutant_" + mutant.id.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
}

enum Language {
    case swift, c, javaScript

    init(_ path: String) { self = path.hasSuffix(".swift") ? .swift : path.hasSuffix(".js") ? .javaScript : .c }
}

func switched(_ mutant: Mutant, _ old: String, _ language: Language) -> String {
    let on = flag(mutant)
    if mutant.isStatement {
        return language != .swift
            ? "if (\(on)) { \(mutant.replacement) } else { \(old) }"
            : "if \(on) {\n\(mutant.replacement)\n} else {\n\(old)\n}"
    }
    return "(\(on) ? (\(mutant.replacement)) : (\(old)))"
}

/// A file with the switches of some mutants, which do not overlap, and the lines where each of them lies.
func mutated(
    _ text: NSString, _ mutants: [(Mutant, Place)], _ language: Language
) -> (String, [(Mutant, ClosedRange<Int>)]) {
    var result = ""
    var position = 0
    var lines: [(Mutant, ClosedRange<Int>)] = []
    if language == .javaScript {
        for (mutant, _) in mutants { result += "const \(flag(mutant)) = \"@ICOT_MUTANT@\" === \"\(mutant.id)\";\n" }
    }
    if language == .c {
        // Several kernels of a card are one text.
        result = """
            #include <stdlib.h>
            #include <string.h>
            #ifndef ICOT_MUTANTS
            #define ICOT_MUTANTS
            static int icot_mutant_is_on(const char *id) {
                const char *on = getenv("ICOT_MUTANT");
                return on && !strcmp(on, id);
            }
            #endif

            """
        for (mutant, _) in mutants { result += "static int \(flag(mutant));\n" }
        // Asked once: loops ask many million times.
        result += "__attribute__((constructor)) static void icot_\(flag(mutants[0].0))(void) {\n"
        for (mutant, _) in mutants { result += "    \(flag(mutant)) = icot_mutant_is_on(\"\(mutant.id)\");\n" }
        result += "}\n"
    }
    func line() -> Int { result.utf8.reduce(1) { $1 == 10 ? $0 + 1 : $0 } }
    for (mutant, place) in mutants.sorted(by: { $0.1.range.location < $1.1.range.location }) {
        result += text.substring(with: NSRange(location: position, length: place.range.location - position))
        let first = line()
        result += switched(mutant, text.substring(with: place.range), language)
        lines.append((mutant, first...line()))
        position = place.range.location + place.range.length
    }
    result += text.substring(from: position)
    if language == .swift {
        // A page is told when it is made which of its own is on.
        result = result.replacingOccurrences(
            of: "return found.text\n",
            with: """
                return found.text.replacing(
                    "@ICOT_MUTANT@", with: icotMutantVariable("ICOT_MUTANT").map { String(cString: $0) } ?? "")

                """)
        result += """

            @_silgen_name("getenv")
            private func icotMutantVariable(_ name: UnsafePointer<CChar>) -> UnsafePointer<CChar>?
            private func icotMutantIsOn(_ id: String) -> Bool {
                icotMutantVariable("ICOT_MUTANT").map { String(cString: $0) == id } ?? false
            }

            """
        let access = (text as String).contains("@inlinable") ? "@usableFromInline" : "private"
        for (mutant, _) in mutants {
            result += "\(access) let \(flag(mutant)): Bool = icotMutantIsOn(\"\(mutant.id)\")\n"
        }
    }
    return (result, lines)
}

// MARK: - Running things

struct Outcome {
    var status: Int32
    var output: String
    var timedOut = false
}

/// - Parameter isDecided: says of the output so far that the rest does not matter.
func run(
    _ command: [String], in folder: URL, environment: [String: String] = [:], seconds: Double = 3600,
    isDecided: ((String) -> Bool)? = nil
) -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let log = FileManager.default.temporaryDirectory.appending(path: "mutants-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: log) }
    guard let handle = try? FileHandle(forWritingTo: log) else { fail("cannot write \(log.path)") }
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { fail("cannot run \(command[0]): \(error)") }
    let end = Date().addingTimeInterval(seconds)
    func output() -> String { (try? Data(contentsOf: log)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    var isDone = false
    var polls = 0
    while process.isRunning, !hasEnded(process.processIdentifier), Date() < end, !isDone {
        usleep(20_000)
        polls += 1
        if let isDecided, polls % 25 == 0 { isDone = isDecided(output()) }
    }
    let wasRunning = process.isRunning && !hasEnded(process.processIdentifier)
    let timedOut = wasRunning && !isDone
    if process.isRunning {
        // Its own children too, where it leads a group.
        kill(-process.processIdentifier, SIGKILL)
        kill(process.processIdentifier, SIGKILL)
    }
    // Foundation hears of an end through a connection that a grandchild may keep open.
    var waits = 0
    while process.isRunning, waits < 100 {
        usleep(20_000)
        waits += 1
    }
    try? handle.close()
    let text = output()
    let status =
        process.isRunning
        ? (text.contains(" passed after ") && !text.contains(" failed after ") ? 0 : 1)
        : process.terminationStatus
    return Outcome(status: isDone ? 1 : status, output: text, timedOut: timedOut)
}

/// Whether a child has ended, waited for or not.
func hasEnded(_ child: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8) else { return true }
    return text.split(separator: ")").last?.split(separator: " ").first == "Z"
}

let buildOptions = ["-Xswiftc", "-gnone", "--explicit-target-dependency-import-check", "error"]

struct Copy {
    let root: URL
    let folder: URL

    init(_ root: URL, isHere: Bool) {
        self.root = root
        folder = isHere ? root : root.appending(path: ".build/mutants/tree")
    }

    /// Puts the files of a tree that was its own copy back.
    func restore(_ sources: Sources) {
        guard folder == root else { return }
        for (path, text) in sources.texts {
            let there = root.appending(path: path)
            let old = Data((text as String).utf8)
            if (try? Data(contentsOf: there)) != old { try? old.write(to: there) }
        }
    }

    /// Makes the copy equal to the tree, leaving alone what already is, so that only what changed is built again.
    func refresh(_ changed: [String: String], _ sources: Sources) {
        if folder == root {
            restore(sources)
            for (path, text) in changed { try? Data(text.utf8).write(to: root.appending(path: path)) }
            return
        }
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], in: root)
        let paths = listed.output.split(separator: "\n").map(String.init)
        guard listed.status == 0, !paths.isEmpty else { fail("git ls-files: \(listed.output)") }
        for path in paths {
            let there = folder.appending(path: path)
            guard let old = try? Data(contentsOf: root.appending(path: path)) else { continue }
            let new = changed[path].map { Data($0.utf8) } ?? old
            if (try? Data(contentsOf: there)) == new { continue }
            try? FileManager.default.createDirectory(
                at: there.deletingLastPathComponent(), withIntermediateDirectories: true)
            do { try new.write(to: there) } catch { fail("cannot write \(there.path)") }
            if access(root.appending(path: path).path, X_OK) == 0 { chmod(there.path, 0o755) }
        }
        let wanted = Set(paths)
        for part in ["Sources", "Tests", "Benchmarks", "stdlib", "notebooks"] {
            let walker = FileManager.default.enumerator(atPath: folder.appending(path: part).path)
            while let name = walker?.nextObject() as? String {
                let path = part + "/" + name
                var isFolder: ObjCBool = false
                let there = folder.appending(path: path)
                _ = FileManager.default.fileExists(atPath: there.path, isDirectory: &isFolder)
                if !isFolder.boolValue, !wanted.contains(path) { try? FileManager.default.removeItem(at: there) }
            }
        }
    }

    func build() -> Outcome {
        // The package manager finds tests by its index, and trips over a folder for it that is not there yet.
        let place = run(["swift", "build", "--show-bin-path"], in: folder).output.split(separator: "\n").last ?? ""
        if !place.isEmpty {
            let index = URL(filePath: String(place)).appending(path: "index/store")
            try? FileManager.default.createDirectory(at: index, withIntermediateDirectories: true)
        }
        return run(["swift", "build", "--build-tests"] + buildOptions, in: folder)
    }

    /// Runs the tests of a filter as `swift test --skip-build` does, which would look through the whole package first.
    func test(_ filter: String, mutant: String, seconds: Double) -> Outcome {
        run(
            [".build/debug/icotPackageTests.xctest", "--testing-library", "swift-testing", "--filter", filter],
            in: folder, environment: ["ICOT_MUTANT": mutant], seconds: seconds,
            // The first test that fails decides.
            isDecided: mutant.isEmpty ? nil : { failedTests($0).first != nil })
    }
}

/// The names of the tests that failed.
func failedTests(_ output: String) -> [String] {
    output.split(separator: "\n").map(String.init)
        .filter { $0.hasPrefix("✘ Test ") && !$0.contains("Test run") && $0.contains("failed after") }
        .map { String($0.dropFirst(7)).components(separatedBy: " failed after")[0] }
}

/// What noticed, in words.
func failures(_ output: String) -> String {
    failedTests(output).first ?? output.split(separator: "\n").map(String.init)
        .last { $0.contains("rror:") || $0.contains("Fatal") } ?? "the process ended"
}

/// Does the work for all items, some at a time; what it gives back is done on one at a time.
func sideBySide<Item>(_ items: [Item], _ work: @escaping (Item) -> () -> Void) {
    let lock = NSLock()
    var next = 0
    DispatchQueue.concurrentPerform(iterations: min(jobs, items.count)) { _ in
        while true {
            lock.lock()
            let index = next
            next += 1
            lock.unlock()
            guard index < items.count else { return }
            let finish = work(items[index])
            lock.lock()
            finish()
            lock.unlock()
        }
    }
}

/// SplitMix64: the same draws from a seed on every machine.
struct Draw: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

func wasEmpty(_ output: String) -> Bool {
    output.contains("Test run with 0 tests") || output.contains("No matching test cases")
}

// MARK: - Main

var only: String?
var checksOnly = false
var lists = false
var isHere = false
var writesOnly = false
var jobs = 2
var isBuiltBefore = false
var sample: Int?
var seed = UInt64(Date().timeIntervalSince1970 / 86400)
var arguments = Array(CommandLine.arguments.dropFirst())
guard let rootArgument = arguments.first else { fail("run this by Tests/Mutants/run") }
arguments.removeFirst()
while !arguments.isEmpty {
    switch arguments.removeFirst() {
    case "--only" where !arguments.isEmpty: only = arguments.removeFirst()
    case "--sample" where !arguments.isEmpty: sample = Int(arguments.removeFirst())
    case "--seed" where !arguments.isEmpty: seed = UInt64(arguments.removeFirst()) ?? 0
    case "--check": checksOnly = true
    case "--list": lists = true
    case "--here": isHere = true
    case "--write": writesOnly = true
    case "--built": isBuiltBefore = true
    case "--jobs" where !arguments.isEmpty: jobs = max(1, Int(arguments.removeFirst()) ?? 2)
    default:
        fail(
            "usage: Tests/Mutants/run [--only REGEX] [--sample N [--seed S]] [--check] [--list] [--write] [--built] "
                + "[--here] [--jobs N]")
    }
}
let root = URL(filePath: rootArgument)
var mutants = readLists(root.appending(path: "Tests/Mutants"))
// All are built in, also where few are tried: so the next few find everything built.
let everyone = mutants
if let only {
    mutants = mutants.filter {
        "\($0.id) \($0.module) \($0.file) \($0.set)".range(of: only, options: .regularExpression) != nil
    }
}
guard !mutants.isEmpty else { fail("no mutant matches") }
if let sample, sample < mutants.count {
    say("\(sample) of \(mutants.count) mutants, drawn by seed \(seed)")
    var draw = Draw(state: seed)
    let drawn = Set(mutants.map(\.id).shuffled(using: &draw).prefix(sample))
    mutants = mutants.filter { drawn.contains($0.id) }
}
if lists {
    for mutant in mutants { say("\(mutant.module) \(mutant.id): \(mutant.words) (\(mutant.file), \(mutant.filter))") }
    exit(0)
}

let sources = Sources(root)
var states: [String: State] = [:]
var waiting: [(Mutant, Place)] = []
let wanted = Set(mutants.map(\.id))
let rank = Dictionary(uniqueKeysWithValues: everyone.enumerated().map { ($1.id, $0) })
var tried: [(Mutant, Place)] = []
for mutant in everyone {
    let (place, problem) = sources.find(mutant)
    if let place {
        if wanted.contains(mutant.id) { waiting.append((mutant, place)) } else { tried.append((mutant, place)) }
    } else {
        states[mutant.id] = .gone(problem)
    }
}
for mutant in mutants {
    if case .gone(let problem)? = states[mutant.id] {
        say("\(mutant.module) \(mutant.id) no longer applies: \(problem) (\(mutant.file): \(mutant.snippet))")
    }
}
if checksOnly {
    say("\(waiting.count) of \(mutants.count) mutants apply")
    exit(waiting.count == mutants.count ? 0 : 1)
}

let started = Date()
let copy = Copy(root, isHere: isHere)
var durations: [String: Double] = [:]
var isFirst = true
while !waiting.isEmpty {
    // Those whose snippets do not overlap, in one build. What was tried already stays in, so that little is built anew.
    var batch: [(Mutant, Place)] = []
    var later: [(Mutant, Place)] = []
    let order = isFirst ? (waiting + tried).sorted { rank[$0.0.id] ?? 0 < rank[$1.0.id] ?? 0 } : waiting + tried
    for (mutant, place) in order {
        let overlaps = batch.contains {
            $0.1.path == place.path && NSIntersectionRange($0.1.range, place.range).length > 0
        }
        if overlaps { later.append((mutant, place)) } else { batch.append((mutant, place)) }
    }
    // In the order of the lists, so that the same mutants always make the same copy.
    batch.sort { rank[$0.0.id] ?? 0 < rank[$1.0.id] ?? 0 }
    waiting = later.filter { states[$0.0.id] == nil && wanted.contains($0.0.id) }
    var isBuilt = isBuiltBefore && isFirst
    while !isBuilt, !batch.isEmpty {
        var changed: [String: String] = [:]
        var lines: [String: [(Mutant, ClosedRange<Int>)]] = [:]
        var byPath = Dictionary(grouping: batch, by: \.1.path)
        byPath[pagePath] = byPath[pagePath] ?? []
        for (path, some) in byPath {
            guard let text = sources.texts[path] else { continue }
            (changed[path], lines[path]) = mutated(text, some, Language(path))
        }
        copy.refresh(changed, sources)
        if writesOnly {
            say("\(batch.count) mutants are written into \(copy.folder.path)")
            exit(0)
        }
        say("building \(batch.count) mutants in")
        let outcome = copy.build()
        if outcome.status == 0 {
            isBuilt = true
            continue
        }
        var refused: Set<String> = []
        for line in outcome.output.split(separator: "\n") where line.contains("error:") {
            for (path, places) in lines where line.contains(path + ":") {
                let number = line.components(separatedBy: path + ":")[1].prefix { $0.isNumber }
                for (mutant, range) in places where Int(number).map(range.contains) == true {
                    if refused.insert(mutant.id).inserted {
                        states[mutant.id] = .refused(String(line))
                        say("\(mutant.module) \(mutant.id) does not build: \(line)")
                    }
                }
            }
        }
        if refused.isEmpty {
            copy.restore(sources)
            fail("the copy does not build:\n\(outcome.output.suffix(6000))")
        }
        batch.removeAll { refused.contains($0.0.id) }
    }
    tried += batch
    if isFirst {
        say("built after \(Int(Date().timeIntervalSince(started))) s; first the tests with no mutant on")
        isFirst = false
    }
    // The whole batch but what was tried in an earlier one.
    let fresh = batch.map(\.0).filter { states[$0.id] == nil && wanted.contains($0.id) }
    let filters = Set(fresh.map(\.filter)).sorted().filter { durations[$0] == nil }
    sideBySide(filters) { filter in
        let start = Date()
        let outcome = copy.test(filter, mutant: "", seconds: 1800)
        let isSound = outcome.status == 0 && !wasEmpty(outcome.output)
        let seconds = Date().timeIntervalSince(start)
        return {
            durations[filter] = isSound ? seconds : -1
            say(
                isSound
                    ? "the tests '\(filter)' take \(Int(seconds)) s"
                    : "the tests '\(filter)' fail, or are none, with no mutant on: \(failures(outcome.output))")
        }
    }
    // The longest first, so that no core waits at the end.
    let byLength = fresh.sorted { durations[$0.filter] ?? 0 > durations[$1.filter] ?? 0 }
    let usual = durations
    sideBySide(byLength) { mutant in
        var state = State.gone("its tests fail with no mutant on")
        if let seconds = usual[mutant.filter], seconds >= 0 {
            let outcome = copy.test(mutant.filter, mutant: mutant.id, seconds: 60 + 4 * seconds)
            state =
                outcome.timedOut
                ? .caught("never ends") : outcome.status != 0 ? .caught(failures(outcome.output)) : .survived
        }
        return {
            states[mutant.id] = state
            switch state {
            case .caught(let by): say("\(mutant.module) \(mutant.id) caught: \(by)")
            case .gone(let why): say("\(mutant.module) \(mutant.id) was not tried: \(why)")
            default: say("\(mutant.module) \(mutant.id) SURVIVED: \(mutant.words) (\(mutant.file))")
            }
        }
    }
}

copy.restore(sources)
say("")
/// `12 of 14`, and which were not caught.
func score(_ some: [Mutant]) -> String {
    let rest = some.filter { if case .caught? = states[$0.id] { false } else { true } }.map(\.id)
    return "\(some.count - rest.count) of \(some.count) caught"
        + (rest.isEmpty ? "" : "; not " + rest.joined(separator: ", "))
}

for set in Set(mutants.map(\.set)).sorted() {
    for module in Set(mutants.map(\.module)).sorted() {
        let some = mutants.filter { $0.module == module && $0.set == set }
        if !some.isEmpty { say("\(set), \(module): \(score(some))") }
    }
    let all = mutants.filter { $0.set == set }
    let caught = all.count { if case .caught? = states[$0.id] { true } else { false } }
    say("\(set): \(caught) of \(all.count) caught (\(caught * 100 / max(all.count, 1)) %)")
}
say("in \(Int(Date().timeIntervalSince(started) / 60)) minutes")
let isSound = mutants.allSatisfy { if case .caught? = states[$0.id] { true } else { false } }
exit(isSound ? 0 : 1)
