import CProcess
import Glibc

/// Writes a folder in one step: all of it goes into a new folder beside the place, which then takes the place by one
/// rename, or by an exchange of the two names where a folder is there already. So at any moment there is the old one
/// whole or the new one whole. Files of the old one that the new one does not have stay.
public enum FolderReplacement {
    /// - Throws: `FileError` where a folder cannot be replaced in one step; what `write` throws. The old folder is then
    ///   as it was.
    public static func write(_ folder: String, _ write: (String) throws -> Void) throws {
        let place = FileSystem.resolved(folder)
        let parent = FileSystem.folder(of: place)
        try FileSystem.makeFolder(parent)
        let isThere = FileSystem.kind(of: place) != nil
        if isThere { try check(place, named: folder) }
        let made = parent + "/.tmp-" + randomSuffix()
        Leftovers.add(FileSystem.absolute(made))
        defer { Leftovers.remove(FileSystem.absolute(made)) }
        try FileSystem.makeFolder(made)
        try write(made)
        if isThere {
            try keepOthers(of: place, in: made, named: folder)
            guard process_exchange(made, place) == 0 else {
                throw FileError(
                    .notWritten, folder, "cannot be replaced in one step: \(errorText(errno))",
                    help: "remove it first, or choose another name")
            }
        } else {
            guard rename(made, place) == 0 else {
                throw FileError(.notWritten, folder, "cannot be written: \(errorText(errno))")
            }
        }
        try FileSystem.flushFolder(parent)
    }

    private static func check(_ place: String, named folder: String) throws {
        func refuse(_ rule: String) -> FileError {
            FileError(.notWritten, folder, rule, help: "choose another name")
        }
        guard FileSystem.isFolder(place) else { throw refuse("is there and is no folder") }
        if place == FileSystem.currentFolder { throw refuse("is the current folder, which cannot be replaced") }
        if let inner = FileSystem.names(in: place).first(where: { FileSystem.kind(of: place + "/" + $0) != .file }) {
            throw refuse("holds more than files, such as \(inner), and is not replaced")
        }
        // What may not be written is not replaced by a new file under its name either.
        if let protected = FileSystem.names(in: place).first(where: { access(place + "/" + $0, W_OK) != 0 }) {
            throw refuse("holds \(protected), which may not be written")
        }
        var status = stat()
        guard stat(place, &status) == 0, status.st_mode & 0o200 != 0 else { throw refuse("may not be written") }
    }

    private static func keepOthers(of place: String, in made: String, named folder: String) throws {
        for name in FileSystem.names(in: place) where !FileSystem.exists(made + "/" + name) {
            guard link(place + "/" + name, made + "/" + name) == 0 else {
                throw FileError(.notWritten, folder, "cannot be replaced in one step: \(errorText(errno))")
            }
        }
        var status = stat()
        if stat(place, &status) == 0 { chmod(made, status.st_mode & 0o777) }
    }
}
