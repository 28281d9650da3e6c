import Glibc
import Support

/// Where the libraries of a card lie: none of them is linked, and nothing is looked for before a card is asked for.
///
/// The driver comes with the kernel module and lies where the system looks. The others come with the CUDA toolkit, with
/// conda, or as Python's wheels, which put them beside Python's packages.
public struct LibrarySearch: Sendable {
    /// Folders that are tried before the system's own; a name in each may hold `*`.
    public var folders: [String]

    public init(folders: [String]) { self.folders = folders }

    /// The folders of this machine.
    public static func here() -> LibrarySearch {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        var folders = variable("ICOT_CUDA").map { [$0] } ?? []
        let environments = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap(variable)
        folders +=
            environments.flatMap { wheels(in: $0 + "/lib/python3*/site-packages") } + environments.map { $0 + "/lib" }
        folders += ["/usr/local/cuda/lib64", "/usr/local/cuda-1*/lib64", "/opt/cuda/lib64"]
        folders += wheels(in: "/usr/local/lib/python3*/*-packages")
        folders += variable("HOME").map { wheels(in: $0 + "/.local/lib/python3*/site-packages") } ?? []
        return LibrarySearch(folders: folders)
    }

    /// Where the wheels of CUDA 13, and those of CUDA 12, put what is needed here.
    private static func wheels(in packages: String) -> [String] {
        ["cu13", "cuda_nvrtc", "cublas"].map { "\(packages)/nvidia/\($0)/lib" }
    }

    /// Files of one of these names, those in the folders first, then the names as they are, for the system to find.
    func candidates(_ names: [String]) -> [String] { folders.flatMap { files(names, in: $0) } + names }

    private func files(_ names: [String], in folder: String) -> [String] {
        guard folder.contains("*") else { return names.map { "\(folder)/\($0)" } }
        return names.flatMap { name -> [String] in
            var found = glob_t()
            defer { globfree(&found) }
            guard glob("\(folder)/\(name)", 0, nil, &found) == 0 else { return [] }
            return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
        }
    }

    /// Opens the first of these that is there.
    func open(_ library: DeviceFault.Library, _ names: [String]) throws(DeviceFault) -> DynamicLibrary {
        guard let opened = DynamicLibrary(anyOf: candidates(names)) else {
            throw .missing(library, tried: names + folders)
        }
        return opened
    }
}

extension DynamicLibrary {
    /// A function that every version which is new enough has.
    func function<T>(_ name: String, of library: DeviceFault.Library) throws(DeviceFault) -> T {
        guard let function: T = function(name) else { throw .outdated(library, function: name) }
        return function
    }
}
