import Glibc
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
        #expect(precision.status == 2 && precision.error.contains("--precision f16 is none; write f32 or tf32"))
        #expect(slow.status == 2 && slow.error.contains("the processor computes in f32 only; write --device cuda"))
        #expect(variable.status == 2 && variable.error.contains("ICOT_DEVICE=gpu is no device"))
    }

    @Test(.enabled(if: !hasDriver, "there is the driver of a card here"))
    func `the doctor looks for a card and says what is missing`() throws {
        let line = try shell("ICOT_DEVICE=cuda icot doctor").output.split(separator: "\n").first { $0.contains("GPU") }
        #expect(line?.contains("icot computes on the processor. NVIDIA's driver (libcuda) is not there") == true)
    }
}
