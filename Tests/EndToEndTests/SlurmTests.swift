// A sweep on a cluster: the script by itself, its tasks called as Slurm calls them, and a real queue of one machine.

import Foundation
import TestSupport
import Testing

@Suite struct SlurmTests {
    private static let lesson = """
        printf '# icot 1\\n# %%%% params\\nlet seed = 2\\nlet lambda = 1\\n# %%%%\\nwrite [seed] "mine.json"\\n' > a.icot
        printf '[score: 10 * seed + lambda]\\n' >> a.icot
        table() { icot -c 'sweep_table("runs/x")' --json; }
        mkdir local; cd local; icot sweep ../a.icot -p seed=1...4 -p lambda=1,4 --to runs/x --trust > /dev/null 2>&1
        table > ../local.json; cd ..; mkdir queue; cd queue

        """

    @Test func `tasks called as Slurm calls them give the table of the local sweep, in any order and twice`() throws {
        let run = try shell(
            Self.lesson + """
                icot sweep ../a.icot -p seed=1...4 -p lambda=1,4 --to runs/x --script -j 3
                grep -e --array -e --output runs/x/array.sh | sed "s|$PWD|.|"
                echo 'changed meanwhile' >> ../a.icot
                for task in 7 2 0 5 2 1 6 4 3; do SLURM_ARRAY_TASK_ID=$task sh runs/x/array.sh > log 2>&1 || echo failed; done
                table | cmp - ../local.json && echo same
                SLURM_ARRAY_TASK_ID=8 sh runs/x/array.sh; echo "status $?"
                icot sweep ../a.icot --to runs/x --task; echo "status $?"
                PATH=/nowhere icot sweep ../a.icot --to runs/x --slurm; echo "status $?"
                """)
        #expect(
            run.output == """
                wrote runs/x/array.sh: 8 tasks of 8 points
                  to submit it: sbatch runs/x/array.sh
                #SBATCH --array=0-7%3
                #SBATCH --output=./runs/x/slurm-%a.log
                same
                status 4
                status 2
                status 4

                """, "\(run.output)\n\(run.error)")
        #expect(run.error.contains("icot: the sweep in runs/x has no point '8'"))
        #expect(run.error.contains("--task runs the point that SLURM_ARRAY_TASK_ID names, and it is not set"))
        #expect(run.error.contains("sweep in runs/x began"))
    }

    @Test(.enabled(if: Programs.has("slurmctld", "slurmd", "sbatch"), "\(Programs.reason("Slurm"))"))
    func `a real queue gives the table of the local sweep`() throws {
        // One machine that is controller and node, without accounting, keys or control groups.
        let run = try shell(
            Self.lesson + """
                export PATH=$PATH:/usr/sbin:/sbin; host=$(hostname); me=$(id -un); port=$((20000 + $$ % 20000))
                mkdir s s/state s/spool; cat > s/slurm.conf <<END
                ClusterName=icot
                SlurmctldHost=$host(127.0.0.1)
                AuthType=auth/none
                CredType=cred/none
                SlurmUser=$me
                SlurmdUser=$me
                StateSaveLocation=$PWD/s/state
                SlurmdSpoolDir=$PWD/s/spool
                SlurmctldPidFile=$PWD/s/ctld.pid
                SlurmdPidFile=$PWD/s/d.pid
                SlurmctldLogFile=$PWD/s/ctld.log
                SlurmdLogFile=$PWD/s/d.log
                SlurmctldPort=$port
                SlurmdPort=$((port + 1))
                ProctrackType=proctrack/linuxproc
                TaskPlugin=task/none
                SelectType=select/cons_tres
                SelectTypeParameters=CR_CPU
                JobAcctGatherType=jobacct_gather/none
                AccountingStorageType=accounting_storage/none
                MpiDefault=none
                ReturnToService=2
                SchedulerParameters=batch_sched_delay=0,sched_interval=1
                NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
                PartitionName=debug Nodes=ALL Default=YES MaxTime=60 State=UP
                END
                export SLURM_CONF=$PWD/s/slurm.conf
                slurmctld -D -f $SLURM_CONF -c > s/c.out 2>&1 & controller=$!
                slurmd -D -f $SLURM_CONF > s/d.out 2>&1 & node=$!
                trap 'kill -9 $node $controller' EXIT
                for second in $(seq 300); do sinfo -h -o %t 2> /dev/null | grep -q idle && break; sleep 0.1; done
                sinfo -h -o %t 2> /dev/null | grep -q idle || { echo "no queue"; tail -n 5 s/*.out s/*.log; exit; }
                icot sweep ../a.icot -p seed=1...4 -p lambda=1,4 --to runs/x --slurm -j 2 | sed 's/job [0-9]*/job N/'
                for second in $(seq 1200); do [ -z "$(squeue -h)" ] && break; sleep 0.1; done
                table | cmp - ../local.json && echo same; cat runs/x/slurm-*.log | grep -c '^wrote mine.json'
                icot sweep ../a.icot --to runs/x --slurm -p seed=1...3000 > /dev/null; echo "status $?"
                """, seconds: 200)
        // The daemons want more of a machine than some have, such as a name that leads to it.
        if run.output.hasPrefix("no queue") {
            return withKnownIssue("Slurm is installed, and its daemons do not start here") {
                Issue.record("\(run.output)")
            }
        }
        #expect(
            run.output == """
                submitted runs/x/array.sh as job N: 8 tasks of 8 points
                  when they are done: icot -c 'sweep_table("runs/x")'
                same
                8
                status 4

                """, "\(run.output)\n\(run.error)")
        // More tasks than the queue takes: its own words, and nothing is lost.
        #expect(run.error.contains("icot: the queue refused runs/x/array.sh: sbatch: error:"), "\(run.error)")
    }
}
