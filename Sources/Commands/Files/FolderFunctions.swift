// `pwd()`, `ls()`, `cd()`, `shell()`: where relative paths start from, what lies there, and the system's own programs.
// At the prompt they are typed as in a shell: see `Aside`.

import Glibc
import Language
import Support

enum FolderFunctions {
    static var all: [Command] { [pwd(), ls(), cd(), shell()] }

    private static func pwd() -> Command {
        Command(
            CommandSignature(
                "pwd", "The folder from which relative paths start.", [], result: TypeName.text, examples: ["pwd()"],
                seeAlso: ["cd", "ls"])
        ) { call in
            guard let folder = FileSystem.currentFolder else {
                throw call.failure("the current folder is gone", help: "write cd(\"~\") to go home")
            }
            return .text(folder)
        }
    }

    private static func ls() -> Command {
        Command(
            CommandSignature(
                "ls", "Lists what a folder holds, and what icot knows it by.",
                [.value("folder", .path(.look), default: "\".\"", "the folder to look into")],
                result: TypeName.table, examples: ["ls()", "ls(\"..\")"], seeAlso: ["pwd", "cd", "read", "resume"],
                discussion: "A table of name, kind and size in bytes. Names that begin with a dot are left out.")
        ) { call in
            let given = try call.text("folder")
            let folder = FileSystem.withHome(given)
            guard FileSystem.isFolder(folder) else { throw notAFolder(given, call) }
            guard access(folder, R_OK | X_OK) == 0 else {
                throw call.failure("\(given) may not be read", code: .fileRefused, at: "folder")
            }
            let entries = FileSystem.names(in: folder).filter { !$0.hasPrefix(".") }.sorted().map { name in
                (name: name, kind: kind(of: folder + "/" + name, name), size: size(of: folder + "/" + name))
            }
            return .object(
                TableObject([
                    .init("name", entries.map(\.name)), .init("kind", entries.map(\.kind)),
                    .init("size", entries.map { $0.size.map { Value.integer($0) } ?? .none }),
                ]))
        }
    }

    private static func cd() -> Command {
        Command(
            CommandSignature(
                "cd", "Goes to another folder, from which relative paths start then.",
                [.value("folder", .path(.look), default: "\"~\"", "where to go; ~ is the home folder")],
                examples: ["cd(\"runs\")", "cd(\"..\")"],
                effects: [.entersFolder], seeAlso: ["pwd", "ls"])
        ) { call in
            let given = try call.text("folder")
            let folder = FileSystem.withHome(given)
            guard FileSystem.isFolder(folder) else { throw notAFolder(given, call) }
            guard chdir(folder) == 0 else {
                throw call.failure("\(given) cannot be entered: \(errorText(errno))", code: .fileRefused, at: "folder")
            }
            // Elsewhere it is another folder.
            call.output(StyledText(FileSystem.currentFolder ?? folder, isVolatile: true))
            return .none
        }
    }

    private static func shell() -> Command {
        Command(
            CommandSignature(
                "shell", "Runs a line of the system's shell and shows what it prints.",
                [.value("line", .text, "as for /bin/sh")], examples: ["shell(\"ls -l\")"],
                effects: [.runsPrograms], seeAlso: ["ls", "pwd"],
                discussion: """
                    At the prompt !ls -l is short for it. The program reads nothing, so it cannot ask; Ctrl-C \
                    stops it, and what it leaves running ends with it. An exit status other than 0 is an error.
                    """)
        ) { call in
            let line = try call.text("line")
            let end = try ChildProgram.run(line, isStopped: { call.interrupt.isRequested }) { text in
                call.output(StyledText(Escaping.neutral(text)))
            }
            switch end {
            case .status(0): return .none
            case .stopped: throw Interrupted()
            case .status(let status): throw call.failure("the program ended with status \(status)")
            case .signal(let signal): throw call.failure("the program was ended by signal \(signal)")
            }
        }
    }

    private static func notAFolder(_ path: String, _ call: Invocation) -> Diagnostic {
        if FileSystem.exists(FileSystem.withHome(path)) {
            return call.failure("\(path) is no folder", code: .runtimeArgument, at: "folder")
        }
        return call.failure(
            "there is no folder \(path)", code: .fileMissing, at: "folder",
            help: FilePaths.nearest(to: path).map { "did you mean \"\($0)\"?" } ?? "ls() lists what there is")
    }

    private static func kind(of path: String, _ name: String) -> String {
        switch FileSystem.kind(of: path) {
        case .folder:
            FileSystem.exists(path + "/run.json")
                ? "run" : FileSystem.exists(path + "/config.json") ? "model" : "folder"
        case .file: name.hasSuffix(".icot") ? "notebook" : "file"
        case .link: "link"
        case .device: "device"
        case .pipe: "pipe"
        case .socket: "socket"
        case nil: "gone"
        }
    }

    private static func size(of path: String) -> Int? {
        FileSystem.kind(of: path) == .file ? FileSystem.size(of: path) : nil
    }
}
