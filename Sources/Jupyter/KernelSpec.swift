// What tells Jupyter that there is a kernel named icot: `kernels/icot/kernel.json` in the user's Jupyter data folder.

import Glibc
import Support

public enum KernelSpec {
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// `$JUPYTER_DATA_DIR`, or `share/jupyter` under `prefix` where one is given, or `$XDG_DATA_HOME/jupyter`, or
    /// `~/.local/share/jupyter`.
    public static func folder(prefix: String? = nil) throws -> String {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        if let prefix { return prefix + "/share/jupyter/kernels/icot" }
        if let data = variable("JUPYTER_DATA_DIR") { return data + "/kernels/icot" }
        if let data = variable("XDG_DATA_HOME") { return data + "/jupyter/kernels/icot" }
        guard let home = variable("HOME") else {
            throw Failure(description: "HOME is not set, so there is no place for the kernel; give --prefix")
        }
        return home + "/.local/share/jupyter/kernels/icot"
    }

    /// Writes the specification for the program at `executable` and returns its path.
    /// - Throws: `FileError`.
    public static func install(executable: String, folder: String) throws -> String {
        let path = folder + "/kernel.json"
        try FileSystem.makeFolder(folder)
        try writeFileAtomically(path, text(executable: executable).utf8)
        try writeFileAtomically(folder + "/logo-svg.svg", logo.utf8)
        return path
    }

    /// A chain of thought, two of its steps gone already.
    private static let logo = """
        <svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">
        <rect width="64" height="64" rx="12" fill="#16324f"/>
        <g stroke="#7fd1c7" stroke-width="3" fill="none">
        <circle cx="12" cy="32" r="5" stroke-dasharray="2 3" opacity=".5"/>
        <circle cx="27" cy="32" r="5" stroke-dasharray="2 3" opacity=".5"/>
        <circle cx="42" cy="32" r="5"/>
        </g>
        <circle cx="55" cy="32" r="5" fill="#ffd166"/>
        </svg>

        """

    static func text(executable: String) -> String {
        let specification: JSONValue = [
            "argv": [.string(executable), "kernel", "run", "{connection_file}"], "display_name": "icot",
            "language": "icot",
            "interrupt_mode": "message", "metadata": ["debugger": false],
        ]
        return JSONWriter.text(specification, .compact) + "\n"
    }
}
