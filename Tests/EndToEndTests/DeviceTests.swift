import Foundation
import Glibc
import TestSupport
import Testing

/// Whether this machine has the driver of a card.
private let hasDriver = dlopen("libcuda.so.1", RTLD_NOW) != nil

@Suite struct DeviceTests {
    @Test(
        .enabled(if: !hasDriver, "there is the driver of a card here"), arguments: ["--device cuda", "--device=cuda:1"])
    func `a card that is asked for where there is none ends the program with what was looked for and what to install`(
        _ option: String
    ) throws {
        let run = try shell("icot \(option) -c 'print 1'")
        #expect(run.status == 2 && run.output == "")
        #expect(run.error.hasPrefix("icot: --device cuda"), "\(run.error)")
        #expect(run.error.contains("libcuda.so.1") && run.error.contains("apt install nvidia-driver"), "\(run.error)")
    }

    @Test(.enabled(if: !hasDriver, "there is the driver of a card here"))
    func `a card in the environment is asked for by name as well`() throws {
        #expect(try shell("ICOT_DEVICE=cuda icot -c 'print 1'").status == 2)
    }

    @Test func `where no card is asked for, the processor computes, with or without its name`() throws {
        let line = "-c 'hash (model .gpt2 width: 16 heads: 2 seed: 2)'"
        let runs = try ["", "--device cpu", "--device=cpu"].map { try shell("icot \($0) \(line)") }
        #expect(runs.allSatisfy { $0.status == 0 && $0.error == "" && $0.output == runs[0].output })
        #expect(runs[0].output.count > 16)
    }

    @Test func `a device that there is none of by that name is refused with those there are`() throws {
        let option = try shell("icot --device gpu -c 'print 1'"),
            variable = try shell("ICOT_DEVICE=gpu icot -c 'print 1'")
        #expect(option.status == 2 && option.error.contains("--device gpu is no device; write cpu, cuda or cuda:1"))
        let precision = try shell("icot --precision f16 -c 'print 1'"),
            slow = try shell("icot --precision tf32 -c 'print 1'")
        #expect(precision.status == 2 && precision.error.contains("--precision f16 is none; write f32, tf32 or bf16"))
        #expect(
            slow.status == 2
                && slow.error.contains("the processor multiplies in f32 or bf16, not in tf32; write --device cuda"))
        #expect(variable.status == 2 && variable.error.contains("ICOT_DEVICE=gpu is no device"))
    }

    @Test(arguments: ["icot --precision bf16 --threads 1", "ICOT_PRECISION=bf16 icot --threads 1"])
    func `a processor that is asked for bf16 computes every model in it`(_ command: String) throws {
        let line =
            "-c 'let m = model .gpt2 width: 16 heads: 2; print profile(); print m.precision; "
            + "let l = logits m ids: [[1, 2]]; print l[0][1][3]'"
        let run = try shell("\(command) \(line)"), exact = try shell("icot --threads 1 \(line)")
        #expect(run.status == 0 && run.error == "", "\(run.error)")
        let lines = run.output.split(separator: "\n"), others = exact.output.split(separator: "\n")
        #expect(lines[0].hasPrefix("bf16 ") && lines[0].hasSuffix(" 1 threads") && lines[1] == "bf16")
        #expect(others[0].hasPrefix("f32 ") && others[1] == "f32" && lines.last != others.last)
    }

    @Test func `a start with resume refuses a kept run that multiplies otherwise`() throws {
        try withTemporaryFolder { folder in
            func run(_ precision: String) throws -> (status: Int32, error: String) {
                let lines = [
                    "let data = gen .parity digits: 4 n: 100",
                    "let r = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data batch: 16 name: \"x\" "
                        + "resume: true \(precision)", "train steps: 2",
                ]
                let done = try shell(
                    "cd \(folder.path) && icot " + lines.map { "-c '\($0)'" }.joined(separator: " "))
                return (done.status, done.error)
            }
            #expect(try run("precision: .bf16").status == 0)
            #expect(try run("precision: .bf16").status == 0)
            for other in ["", "precision: .f32"] {
                let refused = try run(other)
                #expect(refused.status == 2 && refused.error.contains("the run in runs/x multiplies in bf16"))
            }
        }
    }

    @Test func `the doctor says whether bf16 has an instruction here`() throws {
        let line = try shell("icot doctor").output.split(separator: "\n").first { $0.contains(" bf16 ") }
        #expect(line?.contains("AVX512-BF16") == true || line?.contains("as long as .f32") == true, "\(line ?? "")")
    }

    @Test(.enabled(if: !hasDriver, "there is the driver of a card here"))
    func `the doctor looks for a card and says what is missing`() throws {
        let line = try shell("ICOT_DEVICE=cuda icot doctor").output.split(separator: "\n").first { $0.contains("GPU") }
        #expect(line?.contains("icot computes on the processor. NVIDIA's driver (libcuda) is not there") == true)
    }
}
