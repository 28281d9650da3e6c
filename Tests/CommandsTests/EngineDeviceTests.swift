import Testing

@testable import Commands

@Suite struct EngineDeviceTests {
    @Test func `a device is the processor, the first card or a card by its number, and nothing else`() {
        #expect(EngineDevice("cpu") == .processor && EngineDevice("cuda") == .card(0))
        #expect(EngineDevice("cuda:0") == .card(0) && EngineDevice("cuda:12") == .card(12))
        for wrong in [
            "", "CUDA", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda:1:2", "cpu:0",
            "cuda:99999999999999999999",
        ] {
            #expect(EngineDevice(wrong) == nil, "\(wrong)")
        }
    }
}
