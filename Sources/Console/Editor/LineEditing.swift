// Which library edits lines in this program: told by what it was built with (the package's traits Libedit and
// Readline).

import CTerminal

public enum LineEditing {
    /// Its name, such as `libedit`.
    public static let library = String(cString: line_editor_library())
    /// The file that people keep their keys in.
    public static let settings = String(cString: line_editor_settings())
    /// Whether it puts the whole program under the GPL.
    public static let isGPL = line_editor_is_gpl()
    public static let licence = "GPL 3 or later, and so is this program as a whole"
}
