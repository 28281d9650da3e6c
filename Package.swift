// swift-tools-version: 6.2
import PackageDescription

// Two halves that never import each other, the language and the engine, are joined in one place, `Commands`. The front ends
// (`Console`, `Notebooks`, `Jupyter`) know only `Language`. `Support` is for everybody; docs/architecture.md draws it all.
// CI builds with `--explicit-target-dependency-import-check error`, so the arrows below are the only ones there are.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Numeric targets are optimised in debug builds too, so that the everyday tests stay quick.
let numeric: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "icot",
    products: [.executable(name: "icot", targets: ["icot"])],
    traits: [
        .default(enabledTraits: ["Libedit"]),
        .trait(name: "Libedit", description: "Lines are edited by libedit, under a BSD licence."),
        .trait(
            name: "Readline",
            description: """
                Lines are edited by GNU Readline instead: --traits Readline. It is under the GPL, version 3 or later, and so \
                is then the program.
                """),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.0"),
    ],
    targets: [
        // C libraries of the system, and our own C.
        .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
        .systemLibrary(name: "CMark", pkgConfig: "libcmark", providers: [.apt(["libcmark-dev"])]),
        .target(name: "COpenBLAS"),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
        .target(name: "CProcess"),
        .target(name: "CCurl"),
        .target(
            name: "CTerminal",
            cSettings: [
                .define("_GNU_SOURCE"), .define("ICOT_LIBEDIT", .when(traits: ["Libedit"])),
                .define("ICOT_READLINE", .when(traits: ["Readline"])),
            ],
            linkerSettings: [
                .linkedLibrary("edit", .when(traits: ["Libedit"])),
                .linkedLibrary("readline", .when(traits: ["Readline"])),
            ]),

        // What everybody may import.
        .target(name: "Support", dependencies: ["CNettle", "CProcess"], swiftSettings: numeric),

        // The engine.
        .target(name: "Checkpoints", dependencies: ["Support"], swiftSettings: numeric),
        .target(name: "Tensors", dependencies: ["COpenBLAS", "CKernels"], swiftSettings: numeric),
        // The same operations on an NVIDIA card: nothing of it is linked, all is opened when a card is asked for.
        .target(
            name: "CUDA", dependencies: ["Tensors", "Support"], exclude: ["Kernels"], swiftSettings: numeric,
            plugins: ["EmbedKernels"]),
        .target(name: "Transformer", dependencies: ["Checkpoints", "Tensors", "Support"], swiftSettings: numeric),
        // Several processes that train one model; libmpi is opened when mpirun started them.
        .target(name: "Communication", dependencies: ["Support"], swiftSettings: numeric),
        .target(
            name: "Internalization",
            dependencies: ["Transformer", "Checkpoints", "Communication", "Tensors", "Support"],
            swiftSettings: numeric),
        .target(
            name: "Probing", dependencies: ["Transformer", "Tensors", "COpenBLAS", "Support"], swiftSettings: numeric),

        // The whole of a run.
        .target(
            name: "Experiments",
            dependencies: ["Internalization", "Probing", "Transformer", "Checkpoints", "Tensors", "Support"],
            swiftSettings: strict),

        // Models that somebody else runs: nothing is linked, libcurl is opened when a server is asked.
        .target(name: "Prompting", dependencies: ["CCurl", "Support"], swiftSettings: strict),

        // Many runs.
        .target(name: "Sweeps", dependencies: ["CProcess", "Support"], swiftSettings: strict),

        // The language.
        .target(
            name: "Language", dependencies: ["Support"], exclude: ["Specification.md", "Grammar"],
            swiftSettings: strict),

        .target(name: "Plotting", dependencies: ["Support"], swiftSettings: strict),

        // A run as a web page: scripts to be read as they are, and what puts them into one file.
        .target(
            name: "Page", dependencies: ["Support"], exclude: ["Script", "page.css", "page.html"],
            swiftSettings: strict, plugins: ["EmbedPage"]),

        // Where the halves meet.
        .target(
            name: "Commands",
            dependencies: [
                "Language", "Plotting", "Page", "Prompting", "Sweeps", "Experiments", "Probing", "Internalization",
                "Transformer", "Checkpoints", "Communication", "CUDA", "Tensors", "Support",
            ],
            swiftSettings: strict, plugins: ["EmbedStandardLibrary"]),

        // The front ends.
        .target(name: "Console", dependencies: ["Language", "CTerminal", "Support"], swiftSettings: strict),
        .target(name: "Notebooks", dependencies: ["Language", "CMark", "Support"], swiftSettings: strict),
        .target(name: "Jupyter", dependencies: ["Language", "CNettle", "Support"], swiftSettings: strict),

        .executableTarget(
            name: "icot",
            dependencies: [
                "Commands", "Console", "Notebooks", "Jupyter", "Language", "Sweeps", "Support",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // `stdlib/`, the parts of a page and the kernels travel inside the binary.
        .plugin(
            name: "EmbedStandardLibrary", capability: .buildTool(), dependencies: ["embed-stdlib"],
            path: "Sources/EmbedStandardLibrary"),
        .plugin(
            name: "EmbedPage", capability: .buildTool(), dependencies: ["embed-stdlib"], path: "Sources/EmbedPage"),
        .plugin(
            name: "EmbedKernels", capability: .buildTool(), dependencies: ["embed-stdlib"],
            path: "Sources/EmbedKernels"),
        .executableTarget(name: "embed-stdlib", swiftSettings: strict),

        // Measurements (see the README.md beside each); no part of the product.
        .target(name: "CAllocationCount", path: "Benchmarks/engine/CAllocationCount"),
        .executableTarget(
            name: "EngineBenchmarks",
            dependencies: [
                "Transformer", "Checkpoints", "Tensors", "Support", "CAllocationCount", "COpenBLAS", "CKernels",
            ],
            path: "Benchmarks/engine/Sources", swiftSettings: strict),
        .executableTarget(
            name: "GPUBenchmarks",
            dependencies: ["CUDA", "Internalization", "Transformer", "Checkpoints", "Tensors", "Support"],
            path: "Benchmarks/gpu/Sources", swiftSettings: strict),
        .executableTarget(
            name: "RankBenchmarks", dependencies: ["Communication", "Support"], path: "Benchmarks/ranks/Sources",
            swiftSettings: strict),
        .executableTarget(
            name: "PlottingBenchmarks", dependencies: ["Plotting"], path: "Benchmarks/plotting/Sources",
            swiftSettings: strict),
        .executableTarget(
            name: "ProbingBenchmarks", dependencies: ["Internalization", "Probing", "Transformer", "Tensors"],
            path: "Benchmarks/probing/Sources",
            swiftSettings: strict),
        .executableTarget(
            name: "ProblemBenchmarks", dependencies: ["Internalization", "Tensors"],
            path: "Benchmarks/problems/Sources", swiftSettings: strict),

        // Tests.
        .target(
            name: "TestSupport", path: "Tests/TestSupport", exclude: ["llama_server.py"], swiftSettings: strict),
        .target(name: "CPseudoTerminal", path: "Tests/CPseudoTerminal", linkerSettings: [.linkedLibrary("util")]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels", "TestSupport"], swiftSettings: strict),
        .target(
            name: "CHostDevice", path: "Tests/CHostDevice", exclude: ["Replay"],
            cxxSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
        .testTarget(
            name: "CUDATests",
            dependencies: [
                "CUDA", "CHostDevice", "COpenBLAS", "Commands", "Language", "Internalization", "Transformer",
                "Checkpoints", "Tensors",
                "Support",
                "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(name: "SupportTests", dependencies: ["Support", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CheckpointsTests", dependencies: ["Checkpoints", "Support", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TransformerTests",
            dependencies: ["Transformer", "Checkpoints", "Tensors", "Support", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "InternalizationTests",
            dependencies: ["Internalization", "Transformer", "Checkpoints", "Tensors", "Support", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "CommunicationTests",
            dependencies: [
                "Communication", "Internalization", "Transformer", "Tensors", "Support", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ProbingTests",
            dependencies: ["Probing", "Transformer", "Checkpoints", "Tensors", "Support", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: ["Experiments", "Internalization", "Probing", "Transformer", "Support", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PromptingTests", dependencies: ["Prompting", "Support", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "PlottingTests", dependencies: ["Plotting", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "PageTests", dependencies: ["Page", "Support", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SweepsTests", dependencies: ["Sweeps", "Support", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "LanguageTests", dependencies: ["Language", "BigInt", "Support", "TestSupport"],
            exclude: ["Corpus", "Mistakes", "Scripts"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Commands", "Language", "Plotting", "Sweeps", "Experiments", "Internalization", "Transformer",
                "Communication", "Tensors", "Support", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ConsoleTests", dependencies: ["Console", "Language", "Support", "TestSupport"], swiftSettings: strict
        ),
        .testTarget(
            name: "NotebooksTests", dependencies: ["Notebooks", "Language", "Support", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "JupyterTests", dependencies: ["Jupyter", "Language", "Support", "TestSupport"], swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests", dependencies: ["TestSupport", "CPseudoTerminal", "Language", .target(name: "icot")],
            exclude: ["PageChecks"], swiftSettings: strict),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Commands", "Notebooks", "Language", "Internalization", "Transformer", "Checkpoints", "Support",
                "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "FaultTests", dependencies: ["TestSupport", .target(name: "icot")], exclude: ["faults.c"],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)
