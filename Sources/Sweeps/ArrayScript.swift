// A job array of Slurm for the points of a sweep: a script for sbatch in which each task runs the point whose place in
// `sweep.json` is the task's number. Places never change, also where points are added later.
//
// A task that is requeued comes to the same bits: its point begins anew in an empty folder or, where the notebook goes
// on with a run that it keeps, goes on with that. Then Slurm warns it before its time is up; it saves, ends with status
// 75, and queues itself again. A task that would begin anew each time does not, since it might never end.

public struct ArrayScript: Equatable, Sendable {
    /// What the queue shows.
    public var name: String
    /// The places of the points.
    public var places: [Int]
    /// How many tasks may run at a time; nil leaves that to the queue.
    public var atATime: Int?
    /// The folder of the sweep and that from which the command is called, as absolute paths.
    public var folder: String
    public var workingFolder: String
    /// What a task calls.
    public var command: [String]
    /// Whether a task that is queued again goes on where it was.
    public var goesOn: Bool

    public init(
        name: String, places: [Int], atATime: Int?, folder: String, workingFolder: String, command: [String],
        goesOn: Bool = false
    ) {
        (self.name, self.places, self.atATime) = (name, places, atATime)
        (self.folder, self.workingFolder, self.command) = (folder, workingFolder, command)
        self.goesOn = goesOn
    }

    public static let fileName = "array.sh"
    /// So many seconds before its time is up a task is warned: a step must end, and the run be saved.
    private static let warning = 120

    public var text: String {
        """
        #!/bin/sh
        #SBATCH --job-name=\(name.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? String($0) : "_" }.joined())
        #SBATCH --array=\(Self.ranges(places))\(atATime.map { "%\($0)" } ?? "")
        #SBATCH --ntasks=1
        #SBATCH --cpus-per-task=1
        #SBATCH --requeue
        #SBATCH --open-mode=append\(goesOn ? "\n#SBATCH --signal=B:USR1@\(Self.warning)" : "")
        #SBATCH --output=\(folder.replacing("%", with: "%%"))/slurm-%a.log
        # Time, memory and partition are those of the queue unless they are given here or to sbatch.
        export ICOT_THREADS=1 OPENBLAS_NUM_THREADS=1
        cd \(Self.word(workingFolder)) || exit 3
        \(goesOn ? goingOn : "exec \(line)")

        """
    }

    private var line: String { command.map(Self.word).joined(separator: " ") }

    /// The shell hands signals on; `wait` returns at each of them. Of a task that is cancelled nothing is queued again.
    private var goingOn: String {
        """
        task=; warned=
        trap 'warned=yes; [ -z "$task" ] || kill -USR1 "$task"' USR1
        trap '[ -z "$task" ] || kill -TERM "$task"' TERM
        \(line) & task=$!
        while wait "$task"; status=$?; kill -0 "$task" 2> /dev/null; do :; done
        if [ "$status" = 75 ] && [ -n "$warned" ]; then scontrol requeue "$SLURM_JOB_ID"; fi
        exit "$status"
        """
    }

    /// `0-2,5` for 0, 1, 2 and 5.
    static func ranges(_ places: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for place in places.sorted() {
            if let last = ranges.last, place <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, place)
            } else {
                ranges.append(place...place)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    /// A text as a word of a shell.
    public static func word(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            "-._/+=,".utf8.contains(byte) || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
        }
        if isPlain, !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
