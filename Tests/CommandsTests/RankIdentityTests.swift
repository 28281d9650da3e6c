// Who is let in among the ranks of a job, and how many threads they take.

import Communication
import TestSupport
import Testing

@testable import Commands

@Suite struct RankIdentityTests {
    private func identity(
        _ host: String = "a", cores: String = "0-7", _ count: Int = 8, digest: String = "1234567890abcdef",
        version: String = "0.1.0", arithmetic: String = "f32 Zen v3"
    ) -> RankIdentity {
        RankIdentity(
            version: version, digest: digest, arithmetic: arithmetic, host: host, cores: cores, coreCount: count)
    }

    @Test func `alike ranks are let in, wherever they run`() {
        #expect(RankIdentity.refusal([identity(), identity("b", cores: "0-3", 4)]) == nil)
        #expect(RankIdentity.refusal([identity()]) == nil)
    }

    @Test func `another program is refused with both, and comes before another arithmetic`() {
        let first = identity(), other = identity("b", digest: "fedcba0987654321", arithmetic: "f32 Haswell v2")
        let refusal = RankIdentity.refusal([first, first, other])
        #expect(refusal == .otherProgram(rank: 2, other, first))
        #expect(
            refusal?.description
                == "rank 2 on b runs another icot than rank 0 on a: 0.1.0, SHA-256 fedcba098765…, not 0.1.0, SHA-256 "
                + "1234567890ab…")
        #expect(refusal?.status == 4)
        #expect(RankIdentity.refusal([first, identity(version: "0.2.0")])?.status == 4)
    }

    @Test func `another kind of processor is refused`() {
        let first = identity(), other = identity("b", arithmetic: "f32 Haswell v2")
        let refusal = RankIdentity.refusal([first, other])
        #expect(refusal == .otherArithmetic(rank: 1, other, first))
        #expect(
            refusal?.description
                == "rank 1 on b computes as \"f32 Haswell v2\", rank 0 on a as \"f32 Zen v3\": after some steps their "
                + "weights would differ")
    }

    @Test func `what is missing is another status than what is refused`() {
        #expect(RankRefusal.library(.missing("libmpi.so.40")).status == 3)
        #expect(RankRefusal.library(.notOpenMPI(library: "x", version: "MPICH")).status == 4)
        #expect(RankRefusal.otherMPI.status == 4)
    }

    @Test func `ranks share the cores that they may run on, and all take as many threads`() {
        // Bound to a core each.
        #expect(RankIdentity.threads([identity(cores: "0", 1), identity(cores: "1", 1)]) == 1)
        // Bound to a socket each.
        #expect(RankIdentity.threads([identity(cores: "0-7"), identity(cores: "8-15")]) == 8)
        // Not bound.
        #expect(RankIdentity.threads([identity(), identity()]) == 4)
        // On machines of their own, one of them small.
        #expect(RankIdentity.threads([identity(), identity("b"), identity("c", cores: "0-1", 2)]) == 2)
        // More ranks than cores.
        #expect(RankIdentity.threads((0..<9).map { _ in identity() }) == 1)
    }

    @Test func `what a rank says of itself is heard`() {
        let own = RankIdentity.own(version: "0.1.0 (debug, Linux x86_64, Swift 6.3)")
        #expect(RankIdentity(own.text) == own)
        #expect(own.arithmetic.hasPrefix("f32 ") && !own.arithmetic.contains("thread"))
        #expect(own.digest.count == 64 && own.coreCount >= 1 && !own.cores.isEmpty && !own.host.isEmpty)
        #expect(RankIdentity("another program's words") == nil)
    }
}
