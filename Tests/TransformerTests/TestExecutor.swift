import Transformer

extension LanguageModel {
    /// This model where it is computed in tests: here, where it was loaded.
    var onTestExecutor: LanguageModel { self }
}
