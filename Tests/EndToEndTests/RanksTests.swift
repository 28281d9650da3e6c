// Several processes that train one run, started by Open MPI's own mpirun: the bits, what is shown and kept, and how it
// ends.

import Foundation
import TestSupport
import Testing

@Suite struct RanksTests {
    private static let isThere = Programs.has("mpirun") && Programs.hasLibrary("libmpi.so.40")
    private static let reason: Comment = "\(Programs.reason("Open MPI"))"

    /// `ranks N ARGUMENTS` starts so many, whatever cores there are; `begin N ARGUMENTS &` lets `job=$!` be mpirun.
    /// `rank N` is the process of a rank of the job.
    private static let tools = """
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 ICOT_THREADS=1
        begin() { count=$1; shift; exec mpirun --oversubscribe -np $count "$ICOT" "$@"; }
        ranks() { (begin "$@"); }
        rank() {
            for process in $(pgrep -P $job); do
                grep -qaz "^OMPI_COMM_WORLD_RANK=$1\\$" /proc/$process/environ && echo $process
            done
        }

        """

    /// A run that is kept and gone on with.
    private static func lesson(_ pace: Int) -> String {
        """
        cat > a.icot <<'END'
        # icot 1
        # %% work
        let data = gen .parity digits: 4 n: 400 seed: 1
        let test = gen .parity digits: 4 n: 40 seed: 7 apart_from: data
        let m = model .gpt2 width: 48 heads: 2 layers: 2 positions: 16 seed: 2 dropout: 0.1
        let r = start m on: data test: test batch: 32 slices: 4 name: "long" resume: true
        internalize every: \(pace) final: 30
        [steps: r.steps, gone: r.removed, weights: (hash r)]
        END
        # What was shown, without the seconds of this machine and the words of who went on.
        shown() { sed -e 's/  [0-9.]* *s$//' -e '/^goes on/d' -e '/^[0-9,]* steps, loss/d' "$1"; }
        mkdir alone; cd alone; icot ../a.icot --trust > out 2> /dev/null; echo "status $?"; cd ..

        """
    }

    @Test(.enabled(if: isThere, reason))
    func `two and four ranks show and keep what one process does, once`() throws {
        let run = try shell(
            Self.tools + Self.lesson(20) + """
                for count in 2 4; do
                    mkdir $count; cd $count; ranks $count ../a.icot --trust > out 2> err; echo "status $?"
                    shown ../alone/out | cmp - <(shown out) && echo "$count: the same"; ls; ls runs; cd ..
                done
                cat alone/runs/long/parts/*.safetensors | sha256sum > parts
                for count in 2 4; do cat $count/runs/long/parts/*.safetensors | sha256sum | cmp - parts && echo kept; done
                """)
        #expect(
            run.output == """
                status 0
                status 0
                2: the same
                err
                out
                runs
                long
                status 0
                4: the same
                err
                out
                runs
                long
                kept
                kept

                """, "\(run.output)\n\(run.error)")
    }

    @Test(.enabled(if: isThere, reason))
    func `a job that is warned or loses a rank ends soon, and any number of ranks goes on to the same bits`() throws {
        let run = try shell(
            Self.tools + Self.lesson(300) + """
                mkdir hit; cd hit
                go() {
                    begin $2 ../a.icot --trust > out 2> err & job=$!
                    for turn in $(seq 400); do grep -q 'icot> internalize' out && break; sleep 0.05; done
                    sleep 0.3
                    start=$(date +%s); kill -$1 $(if [ $3 = all ]; then echo $job; else rank $3; fi); wait $job
                    echo "$1 status $?"; test $(($(date +%s) - start)) -lt 30 && echo soon
                    grep -o 'ended by SIG[A-Z0-9]*' err
                }
                # mpirun passes this one on.
                go USR1 2 all
                go TERM 4 0
                go KILL 2 1
                icot ../a.icot --trust > out 2> err; echo "status $?"
                shown ../alone/out | tail -1 | cmp - <(shown out | tail -1) && echo "the same"
                """)
        #expect(
            run.output == """
                status 0
                USR1 status 75
                soon
                ended by SIGUSR1
                TERM status 75
                soon
                ended by SIGTERM
                KILL status 137
                soon
                status 0
                the same

                """, "\(run.output)\n\(run.error)")
    }

    /// Whether a process may change the memory of another one, as a flipped bit does.
    private static let mayReachMemory = Programs.succeed(
        "sleep 5 & python3 -c 'open(\"/proc/'$!'/mem\", \"r+b\")'; status=$?; kill $!; exit $status")

    @Test(
        .enabled(if: isThere, reason),
        .enabled(if: mayReachMemory, "no process may change another's memory here (ptrace_scope)"))
    func `a bit that flips in the memory of a rank ends the training, and the rank is named`() throws {
        // At a rate of 1e-30 no weight moves, so they are found in memory by what they were at first.
        let run = try shell(
            Self.tools + """
                cat > flip.py <<'END'
                import os, re, sys
                pattern = open("m/model.safetensors", "rb").read()[-4096:-3968]
                with open(f"/proc/{sys.argv[1]}/mem", "r+b", 0) as memory:
                    for line in open(f"/proc/{sys.argv[1]}/maps"):
                        low, high = (int(x, 16) for x in line.split()[0].split("-"))
                        if line.split()[1] != "rw-p" or high - low > 1 << 28: continue
                        memory.seek(low)
                        try: found = [low + m.start() for m in re.finditer(re.escape(pattern), memory.read(high - low))]
                        except OSError: continue
                        for place in found:
                            memory.seek(place + 4); byte = memory.read(1)[0]
                            memory.seek(place + 4); memory.write(bytes([byte ^ 1]))
                END
                cat > a.icot <<'END'
                let data = gen .parity digits: 4 n: 400 seed: 1
                let m = model .gpt2 width: 48 heads: 2 layers: 2 positions: 16 seed: 2
                write m "m"
                start m on: data batch: 32 lr: 1e-30
                print "begins"
                train steps: 100_000
                END
                begin 2 - < a.icot > said 2> told & job=$!
                for turn in $(seq 400); do grep -q '^training' told && break; sleep 0.05; done
                python3 flip.py $(rank 1); wait $job; echo "status $?"
                grep -o 'rank 1 holds other weights than rank 0 after update [0-9]*00: a bit was flipped there' told | wc -l
                """)
        #expect(run.output == "status 2\n1\n", "\(run.output)\n\(run.error)")
    }

    @Test(.enabled(if: isThere, reason))
    func `ranks of different builds, and libraries that are not Open MPI's, are said once before anything starts`()
        throws
    {
        let run = try shell(
            Self.tools + """
                cp "$ICOT" other; printf x >> other
                mpirun --oversubscribe -np 1 "$ICOT" -c 'print "began"' : -np 1 ./other -c 'print "began"' 2> told
                echo "status $?"; grep -c 'icot: rank 1 on .* runs another icot than rank 0 on' told
                grep -c '  fix: install the same program on every machine' told
                ICOT_MPI=/nowhere/libmpi.so ranks 2 -c 'print "began"' 2> told; echo "status $?"
                grep -c 'icot: mpirun started several of icot, but /nowhere/libmpi.so, the library of Open MPI, cannot be' told
                ICOT_MPI=libm.so.6 ranks 2 -c 'print "began"' 2> told; echo "status $?"
                grep -c 'icot: mpirun started several of icot, but libm.so.6 is no MPI, and icot speaks to Open MPI only' told
                ICOT_MPI=/nowhere/libmpi.so icot -c 'print "alone"'
                """)
        #expect(
            run.output == """
                status 4
                1
                1
                status 3
                1
                status 4
                1
                alone

                """, "\(run.output)\n\(run.error)")
    }

    @Test(.enabled(if: isThere, reason))
    func `what ranks cannot do is refused in a sentence, and what they start is on its own`() throws {
        let run = try shell(
            Self.tools + """
                ranks 2 2> told; echo "status $?"; grep -c 'icot: mpirun passes no terminal on, so there is no prompt' told
                printf '# icot 1\\nlet seed = 2\\n' > a.icot; ranks 2 sweep a.icot -p seed=1,2 2> told; echo "status $?"
                grep -c 'icot: a sweep starts processes of its own; start it without mpirun' told
                cat > small.icot <<'END'
                let data = gen .parity digits: 4 n: 40 seed: 1
                let m = model .gpt2 width: 16 heads: 2 layers: 1
                start m on: data batch: 2 name: "x"
                END
                ranks 3 - < small.icot 2> told; echo "status $?"; grep -e 'cannot share' -e fix: told
                sed -i 's/batch: 2/batch: 4 slices: 1/' small.icot; ranks 2 - < small.icot 2> told; echo "status $?"
                grep -e 'cannot share' -e fix: told; ls -d runs 2> /dev/null
                ranks 2 -c 'shell("$ICOT -c 42")'
                """)
        #expect(
            run.output == """
                status 4
                1
                status 4
                1
                status 2
                stdin:3:25: E310 start: 3 ranks cannot share a batch of 2 problems
                  fix: write batch: 3 or more, or start fewer ranks
                status 2
                stdin:3:35: E310 start: 2 ranks cannot share batches that are cut into 1 slice; each rank needs 1, 2, \
                4, 8 … of them
                  fix: write slices: 2 in start or resume: from there on bits are those of 2 slices
                42

                """, "\(run.output)\n\(run.error)")
    }

    @Test func `another MPI than Open MPI is refused once`() throws {
        let run = try shell(
            """
            for rank in 0 1; do
                PMI_SIZE=2 PMI_RANK=$rank icot -c 'print "began"'; echo "status $?"
            done 2> told
            cat told
            """)
        #expect(
            run.output == """
                status 4
                status 4
                icot: several ranks were started by another MPI than Open MPI (there is PMI_SIZE, and no \
                OMPI_COMM_WORLD_SIZE)
                  fix: start it with Open MPI's mpirun

                """, "\(run.output)\n\(run.error)")
    }
}
