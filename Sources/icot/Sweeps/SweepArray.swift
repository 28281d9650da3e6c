// `icot sweep … --script` and `--slurm`: the points as a job array of a cluster; `--task`: one of them.

import ArgumentParser
import Console
import Glibc
import Language
import Notebooks
import Support
import Sweeps

struct SweepArray {
    private let job: SweepJob
    private let writer: TerminalWriter

    init(_ job: SweepJob, _ writer: TerminalWriter) {
        (self.job, self.writer) = (job, writer)
    }

    /// Writes the script, and submits it where that is asked for; the exit status.
    func run() throws -> Int32 {
        let options = job.options
        if options.slurm, Self.program("sbatch") == nil {
            throw Icot.failure(
                "sbatch is not on this machine, so nothing can be submitted\n"
                    + "  fix: --script instead of --slurm writes the script to submit elsewhere",
                status: ReplayExit.refused.rawValue)
        }
        try NotebookTrust.ensure(job.effects, options.file, isGiven: options.notebook.trust, asks: true)
        let path = job.folder + "/" + ArrayScript.fileName
        let places: [Int]
        do {
            // Held only while it is written: the tasks hold their points.
            let folder = try SweepFolder(
                job.folder, job.asked, own: job.own, grid: job.grid, notebook: job.notebook.bytes)
            places = folder.sweep.points.indices.filter { job.isWanted(folder.state(of: folder.sweep.points[$0])) }
            guard !places.isEmpty else {
                writer.print([StyledText("\(job.folder): 0 of \(Phrase.count(job.sweep.points.count, "point")) to run")]
                )
                return 0
            }
            let command = [
                Icot.executablePath, "sweep", options.file, "--to", job.folder, "--task", "--trust",
            ]
            let script = ArrayScript(
                name: job.folder.split(separator: "/").last.map(String.init) ?? "sweep", places: places,
                atATime: options.jobs, folder: FileSystem.absolute(job.folder),
                workingFolder: SweepJob.workingFolder, command: command,
                goesOn: job.effects.items.contains(where: \.goesOn))
            try writeFileAtomically(path, mode: 0o755, script.text.utf8)
        }
        let tasks = "\(Phrase.count(places.count, "task")) of \(Phrase.count(job.sweep.points.count, "point"))"
        guard options.slurm else {
            writer.print([
                StyledText("wrote \(path): \(tasks)", .good),
                StyledText("  to submit it: sbatch \(ArrayScript.word(path))"),
            ])
            return 0
        }
        let (output, status) = Self.call("sbatch --parsable \(ArrayScript.word(path))")
        guard status == 0 else {
            throw Icot.failure(
                "the queue refused \(path): \(Escaping.neutral(output))\n"
                    + "  fix: change it there and submit it with sbatch \(ArrayScript.word(path))",
                status: ReplayExit.refused.rawValue)
        }
        writer.print([
            StyledText("submitted \(path) as job \(Escaping.neutral(output)): \(tasks)", .good),
            StyledText("  when they are done: icot -c 'sweep_table(\(Literal.of(job.folder)))'"),
        ])
        return 0
    }

    /// Where a program of the system lies; nil where it does not.
    private static func program(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// What a line of shell says, and its status.
    private static func call(_ line: String) -> (output: String, status: Int32) {
        guard let pipe = popen(line + " 2>&1", "re") else { return (errorText(errno), -1) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            output += buffer[..<count]
        }
        let status = pclose(pipe)
        return (String(decoding: output, as: UTF8.self).trimming("\n"), status)
    }
}

/// The point whose place a scheduler gives.
struct SweepTask {
    private static let variable = "SLURM_ARRAY_TASK_ID"
    let options: SweepCommand

    /// Runs it; the exit status. Whatever has become of the notebook's file since, the sweep's own copy is run.
    func run() throws -> Int32 {
        guard let text = getenv(Self.variable).map({ String(cString: $0) }), let place = Int(text) else {
            throw ValidationError(
                "--task runs the point that \(Self.variable) names, and it is not set; the job array of --script sets it"
            )
        }
        let folder = FileSystem.absolute(options.folder)
        let sweep = try Sweep.read(folder)
        guard sweep.points.indices.contains(place) else {
            throw SweepFault.noPoint(path: options.folder, name: text)
        }
        let copy = Notebook(bytes: try readBytes(folder + "/" + Sweep.notebookName), name: options.file)
        let effects = EffectsReport(copy, Host.session(options.shared, notebook: options.file).context)
        try NotebookTrust.ensure(effects, options.file, isGiven: options.notebook.trust, asks: false)
        // One thread, as everywhere in a sweep.
        setenv("ICOT_THREADS", "1", 1)
        let start = NotebookFolder.start(of: options.file, effects, pins: copy.header.pins)?.folder
        return try PointRun(
            folder, sweep.points[place].name, notebook: FileSystem.absolute(options.file),
            start: start ?? SweepJob.workingFolder, report: nil, options.shared
        ).run()
    }
}
