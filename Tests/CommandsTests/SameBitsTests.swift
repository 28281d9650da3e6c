import Language
import Tensors
import Testing

@testable import Commands

/// Runs of several kinds, and the SHA-256 of their weights on machines that somebody has run this on. What moves code
/// about or makes it quicker must not change them; what means to change results records new ones.
@Suite struct SameBitsTests {
    static let text = """
        let test = gen .parity digits: 5 n: 100 seed: 7
        let data = gen .parity digits: 5 n: 2000 apart_from: test
        let r = start (model .gpt2 width: 32 heads: 2 positions: 32) on: data test: test batch: 32
        train steps: 12
        step 1
        train steps: 8
        back 1
        train steps: 3
        let c = control r
        let d = control r kind: .filler match: .tokens
        let mt = gen .mult digits: 2 n: 60 seed: 3
        let md = gen .mult digits: 2 n: 1500 seed: 1 apart_from: mt
        let s = start (model .gpt2 width: 32 heads: 2 positions: 64 dropout: 0.1) on: md test: mt batch: 16
        schedule order: .partials_first smoothing: 2
        train steps: 10
        step 3
        train steps: 6
        let u = start (model .llama width: 32 heads: 2 positions: 64) on: md test: mt batch: 16
        schedule every: 3
        internalize at_most: 20 final: 2
        """

    static let known = [
        "f32 Cooperlake v4 2 threads": [
            "r": "0492c92ffb8fb94cb4858c70a146381b10c8bcf61147ce2591e65ced9673ce03",
            "c": "59615a9a2fe85dd69a7c7a5a82547df37b2403331a37f97cdaf05ffc4cd80bc4",
            "d": "977efd6842aacef94e8d000f4218186db593bec9185f4614ca9eedd3dbf135af",
            "s": "399fa6cc6c88603a4b2a64f0e7d39b9240112916d49c4a7cbf963b5fd3cfe765",
            "u": "8d7d425546c67da5dec33e131a3647f15a74ef87ee114301b879ed5555bde4c1",
        ]
    ]

    @Test(.enabled(if: known[CPUExecutor.shared.profile] != nil, "nobody has recorded bits under this profile"))
    func
        `the same steps come to the same bits as they always did, going back, controls, dropout and a schedule included`()
        throws
    {
        let desk = Desk()
        #expect(desk.run(Self.text) == .finished, "\(desk.messages)")
        for (name, hash) in try #require(Self.known[CPUExecutor.shared.profile]) {
            #expect(desk.value("hash \(name)").asText == hash, "\(name)")
        }
    }
}
