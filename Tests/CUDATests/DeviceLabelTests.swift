import Foundation
import Language
import Tensors
import TestSupport
import Testing

@testable import CUDA
@testable import Commands

// `device: .cuda`, with the host device as the machine's card.

@Suite(.serialized) struct DeviceLabelTests {
    private static let problems = """
        let test = gen .parity digits: 3 n: 20 seed: 7
        let data = gen .parity digits: 3 n: 200 apart_from: test

        """

    private func desk(withCard: Bool = true) -> Desk {
        EngineDevice.name(withCard ? hostExecutor(.f32) : nil)
        let desk = Desk()
        desk.run(Self.problems)
        return desk
    }

    private func start(_ model: String, _ labels: String) -> String {
        "let m = model .gpt2 width: 16 heads: 2 layers: 1 positions: 32 seed: 4 \(model)\n"
            + "let r = start m on: data test: test batch: 8 seed: 2 \(labels)\n"
    }

    /// A copy of the run `first`, which nobody holds.
    private func free(_ folder: URL) throws -> String {
        let copy = folder.appending(path: "kept")
        try FileManager.default.copyItem(at: folder.appending(path: "first"), to: copy)
        for name in ["run.lock", "owner.lock"] { try? FileManager.default.removeItem(at: copy.appending(path: name)) }
        return copy.path
    }

    @Test func `a run on a card takes the steps that it takes on the processor, and says where it is`() {
        let here = desk(), there = desk()
        here.run(start("", "") + "train steps: 4")
        let outcome = there.run(start("", "device: .cuda") + "train steps: 4")
        #expect(outcome == .finished, "\(there.messages)")
        #expect(there.value("r.profile").asText?.hasPrefix("f32 host device") == true)
        #expect(here.value("r.profile").asText?.contains("host device") == false)
        let losses = [here, there].map { $0.value("(timeline r)[-1].loss").asReal ?? .nan }
        #expect(abs(losses[0] - losses[1]) < 1e-4 && losses[0] > 0)
    }

    @Test func `the model that a run is started from stays where and as it was`() {
        let desk = desk()
        desk.run(start("", "device: .cuda") + "let before = hash m\ntrain steps: 3")
        #expect(desk.value("hash m").asText == desk.value("before").asText)
        #expect(desk.value("hash r.model").asText != desk.value("before").asText)
    }

    @Test func `a model that is made on a card is trained in place there, and moved where a run says cpu`() {
        let desk = desk()
        desk.run(start("device: .cuda", "device: .cuda") + "let before = hash m\ntrain steps: 3")
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.value("r.profile").asText?.hasPrefix("f32 host device") == true)
        #expect(desk.value("hash m").asText != desk.value("before").asText)
        desk.run("let c = start m on: data batch: 8 device: .cpu\ntrain steps: 2")
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.value("c.profile").asText?.contains("host device") == false)
    }

    @Test func `a precision belongs to the device that is named`() {
        let desk = desk()
        desk.run(start("", "device: .cuda precision: .bf16") + "train steps: 2")
        #expect(
            desk.messages.isEmpty && desk.value("r.profile").asText?.hasPrefix("bf16 host device") == true,
            "\(desk.messages)")
        desk.run(start("", "device: .cuda precision: .tf32"))
        #expect(
            desk.messages.isEmpty && desk.value("r.profile").asText?.hasPrefix("tf32 host device") == true,
            "\(desk.messages)")
        desk.run(start("", "precision: .tf32"))
        #expect(desk.codes == [.runtimeArgument])
    }

    @Test func `a kept run goes on where resume says, and says that its bits will be others`() throws {
        try withTemporaryFolder { folder in
            let desk = desk()
            desk.run(start("", "") + "train steps: 2\nsave_run \"\(folder.path)/first\"")
            let kept = try free(folder)
            desk.run("train steps: 2")
            let loss = try #require(desk.value("(timeline r)[-1].loss").asReal)
            for (labels, place) in [("device: .cuda hold: false", "host device"), ("device: .cuda", "host device")] {
                desk.run("let q = resume \"\(kept)\" \(labels)\ntrain steps: 2")
                #expect(desk.messages.isEmpty, "\(desk.messages)")
                #expect(desk.value("q.profile").asText?.contains(place) == true)
                #expect(abs((desk.value("(timeline q)[-1].loss").asReal ?? .nan) - loss) < 1e-4)
            }
            #expect(desk.lines.contains { $0.contains("from here on under f32 host device") }, "\(desk.lines)")
        }
    }

    @Test func `a kept run whose products only a card can compute says where it could go on`() throws {
        try withTemporaryFolder { folder in
            let desk = desk()
            desk.run(start("", "device: .cuda precision: .tf32") + "save_run \"\(folder.path)/first\"")
            let kept = try free(folder)
            desk.run("let q = resume \"\(kept)\"")
            #expect(desk.codes == [.runtimeArgument], "\(desk.messages)")
            desk.run("let q = resume \"\(kept)\" device: .cuda\ntrain steps: 1")
            #expect(desk.messages.isEmpty, "\(desk.messages)")
            #expect(desk.value("q.precision").asText == "tf32")
        }
    }

    @Test func `what is written for the processor only says so of a run on a card`() {
        let desk = desk()
        desk.run(start("", "device: .cuda") + "train steps: 2")
        desk.run("distill(r, steps: 1)")
        #expect(desk.messages.first?.contains("computed on the processor only") == true, "\(desk.messages)")
        #expect(desk.messages.first?.contains("device: .cpu") == true, "\(desk.messages)")
        // Also of the model that a student begins from.
        desk.run(
            start("", "") + "train steps: 2\nlet n = model .gpt2 width: 16 heads: 2 positions: 32 device: .cuda\n"
                + "distill(r, steps: 1, from: n)")
        #expect(desk.messages.first?.contains("computed on the processor only") == true, "\(desk.messages)")
    }

    @Test func `without a card the label says what was looked for, and device cpu works`() {
        let desk = desk(withCard: false)
        desk.run(start("", "device: .cuda"))
        // A machine that has a card takes it.
        if desk.codes.isEmpty { return }
        #expect(desk.codes.first == .runtimeArgument && desk.messages[0].contains("device: .cuda"), "\(desk.messages)")
        desk.run(start("", "device: .cpu") + "train steps: 1")
        #expect(desk.messages.isEmpty, "\(desk.messages)")
    }
}
