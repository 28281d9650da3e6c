// What goes wrong while running: a diagnostic and the text that its places are in, which may be an earlier one than the
// text that runs (a `def` of an hour ago).

/// Thrown by arithmetic, element access and the like: what is wrong, without a place. The machine adds the place, and
/// the verb that ran where the fault names none.
struct Fault: Error {
    var code: DiagnosticCode
    var message: String
    /// The verb or function at fault.
    var verb: String?
    var help: String?

    init(_ code: DiagnosticCode, _ message: String, of verb: String? = nil, help: String? = nil) {
        self.code = code
        self.message = message
        self.verb = verb
        self.help = help
    }

    init(_ fault: ArgumentFault, of verb: String, help: String? = nil) {
        self.init(.runtimeArgument, fault.message(of: verb), of: verb, help: help ?? fault.help)
    }
}

/// An error with its place, on its way to a `catch` or to the front end.
struct Raised: Error {
    var diagnostic: Diagnostic
    var source: SourceText

    /// Interrupts and limits end a text whatever it tries.
    var canBeCaught: Bool { diagnostic.code != .interrupted && diagnostic.code != .limitReached }
}
