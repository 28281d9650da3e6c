extension LanguageModel {
    /// What tells one model from another: the SHA-256, in hexadecimal, of each parameter's line "name shape" followed by its
    /// values (float32, little-endian), in the order of the layout. About a second for a gigabyte.
    public func contentHash() -> String {
        var hash = SHA256()
        for entry in parameters.entries {
            let line = "\(entry.name) \(entry.shape.map(String.init).joined(separator: "x"))\n"
            Array(line.utf8).withUnsafeBytes { hash.update($0) }
            hash.update(UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: parameters.values[entry.range])))
        }
        return hash.finalizeHex()
    }
}
