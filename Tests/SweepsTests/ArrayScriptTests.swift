import Testing

@testable import Sweeps

@Suite struct ArrayScriptTests {
    @Test(arguments: [([3], "3"), ([0, 1, 2], "0-2"), ([5, 0, 1, 2, 7, 6], "0-2,5-7"), ([0, 2], "0,2")])
    func `places that follow each other are a range`(_ places: [Int], _ text: String) {
        #expect(ArrayScript.ranges(places) == text)
    }

    @Test func `the script asks for a core a task and calls the program by whole paths, whatever they hold`() {
        let script = ArrayScript(
            name: "fig 4", places: [0, 1, 3], atATime: 2, folder: "/home/a/runs/fig%4", workingFolder: "/home/it's",
            command: ["/opt/icot", "sweep", "a b.icot", "--task"], goesOn: false)
        let lines = script.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "#!/bin/sh")
        for line in [
            "#SBATCH --job-name=fig_4", "#SBATCH --array=0-1,3%2", "#SBATCH --cpus-per-task=1", "#SBATCH --requeue",
            "#SBATCH --output=/home/a/runs/fig%%4/slurm-%a.log", "cd '/home/it'\\''s' || exit 3",
            "export ICOT_THREADS=1 OPENBLAS_NUM_THREADS=1", "exec /opt/icot sweep 'a b.icot' --task",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!script.text.contains("requeue \"") && !script.text.contains("--signal"))
    }

    @Test func `a task that goes on is warned before its time is up`() {
        let script = ArrayScript(
            name: "a", places: [0], atATime: nil, folder: "/a", workingFolder: "/a", command: ["/opt/icot", "x y"],
            goesOn: true)
        let lines = script.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("#SBATCH --signal=B:USR1@120") && lines.contains("/opt/icot 'x y' & task=$!"))
    }
}
