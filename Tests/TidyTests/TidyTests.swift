import Foundation
import TestSupport
import Testing

// What no compiler looks after: that the source stays readable, that nothing in it is left over, and that the documents
// are true.

@Suite struct TidyTests {
    static let widthMax = 120
    /// Lines that were longer before there was this test. The number only ever falls.
    static let tooLongBefore = 62

    @Test func `no line is longer than 120 columns, comments and messages included`() {
        var long: [String] = []
        let files = SourceTree.files(["Sources", "Tests", "Benchmarks"], ["swift", "c", "h"])
        for file in files where !file.path.hasSuffix("+Generated.swift") {
            // What a test puts in, or expects to come out, stands there as it is.
            let holdsTexts = !file.path.hasPrefix("Sources/")
            var isInText = false
            for (number, line) in file.lines.enumerated() {
                let isText = holdsTexts && (isInText || line.contains("\""))
                if line.components(separatedBy: "\"\"\"").count % 2 == 0 { isInText.toggle() }
                if line.count > Self.widthMax, !isText {
                    long.append("\(file.path):\(number + 1): \(line.count) columns")
                }
            }
        }
        let isKept = long.count <= Self.tooLongBefore
        #expect(isKept, "\(long.count) lines are too long:\n\(long.joined(separator: "\n"))")
    }

    /// Names that the compiler, a protocol of the library or a package calls.
    static let calledFromOutside: Set<String> = [
        "createBuildCommands", "EmbedKernels", "EmbedPage", "EmbedStandardLibrary", "callAsFunction", "validate",
        "allKeys", "encodeNil", "nestedContainer", "nestedUnkeyedContainer", "singleValueContainer", "superDecoder",
        "superEncoder", "userInfo",
    ]

    /// Parts of the product that tests take hold of by themselves.
    static let heldByTests: Set<String> = [
        "diagnose", "doubles", "firstDivergence", "isAboveEveryBaseline", "MultinomialRegression", "nearestBaseline",
        "printed", "RegressionScores", "RidgeRegression", "tokenFacts",
    ]

    @Test func `whatever the product declares is used in it`() throws {
        let declaration = try NSRegularExpression(
            pattern:
                #"^[ \t]*(?:@\w+(?:\([^)\n]*\))? )*(?:(?:public|private|fileprivate|internal|static|final|mutating|"#
                + #"nonisolated|indirect|class|unowned|weak|lazy|convenience|private\(set\)|public private\(set\)) +)*"#
                + #"(?:func|var|let|struct|class|enum|protocol|typealias|actor) +(\w+)"#,
            options: .anchorsMatchLines)
        var count: [Substring: Int] = [:]
        var declared: [Substring: [String]] = [:]
        for file in SourceTree.files(["Sources"], ["swift"]) where !file.path.hasSuffix("+Generated.swift") {
            let code = SourceTree.withoutComments(file.text)
            let words = code.utf8.split { byte in
                !(byte == UInt8(ascii: "_") || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26)
            }
            for word in words { count[Substring(word), default: 0] += 1 }
            for match in declaration.matches(in: code, range: NSRange(code.startIndex..., in: code)) {
                guard let range = Range(match.range(at: 1), in: code) else { continue }
                declared[code[range], default: []].append(file.path)
            }
        }
        #expect(declared.count > 1000)
        let unused = declared.filter { name, places in
            count[name, default: 0] <= places.count && name != "_" && !Self.calledFromOutside.contains(String(name))
                && !Self.heldByTests.contains(String(name))
        }
        let list = unused.map { "\($0.value[0]): \($0.key)" }.sorted()
        #expect(list == [], "nobody uses these")
    }

    @Test func `a document that is named is there, and so is each of its numbered points`() throws {
        let path = try Regex(#"(?:docs|Benchmarks|notebooks|stdlib|Tests)/[\w./+-]*\w"#)
        var missing: [String] = []
        let files =
            SourceTree.files(["Sources", "Tests", "Benchmarks", "docs", "stdlib"], ["swift", "c", "h", "md", "icot"])
            + ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Package.swift"].compactMap { name in
                (try? SourceTree.text(name)).map { SourceTree.File(path: name, text: $0) }
            }
        for file in files {
            for (number, line) in file.lines.enumerated() {
                let place = "\(file.path):\(number + 1)"
                for phrase in ["the method's notes", "the documentation", "of the notes", "research/"]
                where line.contains(phrase) && !file.path.hasPrefix("Tests/TidyTests/") {
                    missing.append("\(place): \"\(phrase)\"")
                }
                guard line.contains("docs/") else { continue }
                for match in line.matches(of: path) {
                    let name = String(line[match.range])
                    guard name.hasPrefix("docs/"), name.hasSuffix(".md") else { continue }
                    if !FileManager.default.fileExists(atPath: packageFolder.appending(path: name).path) {
                        missing.append("\(place): \(name)")
                    }
                }
            }
        }
        #expect(missing == [], "cited, but not there")

        let points = try SourceTree.text("docs/method.md").matches(of: Regex(#"(?m)^(\d+)\. \*\*"#)).compactMap {
            $0.output[1].substring.flatMap { Int($0) }
        }
        #expect(points.starts(with: 1...21) && points == Array(1...points.count))
    }

    @Test func `every promise of docs-trust and docs-keeping names a test that there is`() throws {
        let tests = SourceTree.files(["Tests"], ["swift"]).map(\.text).joined()
        for name in ["trust", "keeping"] {
            let page = try String(contentsOf: packageFolder.appending(path: "docs/\(name).md"), encoding: .utf8)
            let promises = page.replacing("**", with: "").matches(of: /\*([^*]+)\*/).map { String($0.output.1) }
            #expect(promises.count >= 8)
            for promise in promises {
                let words = promise.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(tests.contains("`\(words)`") || tests.contains("\"\(words)\""), "\(name).md: \(words)")
            }
        }
    }

    @Test func `imports are drawn in docs-architecture as Package-swift has them`() throws {
        let drawn = try arrowsDrawn()
        let declared = try arrowsDeclared()
        #expect(declared.count > 10)
        for (target, dependencies) in declared {
            #expect(drawn[target] == dependencies, "\(target) in docs/architecture.md")
        }
        #expect(Set(drawn.keys) == Set(declared.keys))
    }

    /// `Target -> A B C`, in the block that begins with ```` ```arrows ````.
    private func arrowsDrawn() throws -> [String: Set<String>] {
        let parts = try SourceTree.text("docs/architecture.md").components(separatedBy: "```arrows\n")
        let block = try #require(parts.dropFirst().first?.components(separatedBy: "```").first)
        var arrows: [String: Set<String>] = [:]
        for line in block.split(separator: "\n") {
            let sides = line.components(separatedBy: "->")
            guard sides.count == 2 else { continue }
            arrows[sides[0].trimmingCharacters(in: .whitespaces)] = Set(sides[1].split(separator: " ").map(String.init))
        }
        return arrows
    }

    /// The Swift targets of the product and what each names as its dependencies.
    private func arrowsDeclared() throws -> [String: Set<String>] {
        let manifest = try SourceTree.text("Package.swift")
        let start = try Regex(#"\.(?:target|executableTarget)\(\s*name: "(\w+)""#)
        let name = try Regex(#""([\w-]+)""#)
        let folders = try FileManager.default.contentsOfDirectory(atPath: packageFolder.appending(path: "Sources").path)
        var arrows: [String: Set<String>] = [:]
        for match in manifest.matches(of: start) {
            guard let target = match.output[1].substring.map(String.init), folders.contains(target),
                !target.hasPrefix("C")
                    || ["Commands", "Communication", "Console", "Checkpoints", "CUDA"].contains(target)
            else { continue }
            let rest = manifest[match.range.upperBound...]
            let end = rest.range(of: "\n        .")?.lowerBound ?? rest.endIndex
            guard let list = rest[..<end].range(of: "dependencies: [") else { continue }
            let body = rest[list.upperBound...].prefix { $0 != "]" }
            var names = Set(body.matches(of: name).compactMap { $0.output[1].substring.map(String.init) })
            names.remove("swift-argument-parser")
            arrows[target] = names
        }
        return arrows
    }
}
