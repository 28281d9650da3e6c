import ArgumentParser
import Console
import Language
import Support

struct NotebooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notebooks", abstract: "Lists the notebooks that come with icot; icot NAME replays one.",
        discussion: """
            A name stands for the notebook wherever a notebook is asked for, unless the working directory has a file \
            of that name: icot present lesson, icot replay tour --check, icot export figure1 --to html.
            """)

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let entries = NotebookShelf.all
        guard !entries.isEmpty else {
            throw Icot.failure(
                "this icot came without its notebooks\n"
                    + "  fix: put share/icot/notebooks of its archive next to the folder of \(Icot.executablePath)")
        }
        let writer = TerminalWriter()
        if shared.json {
            for entry in entries {
                writer.print(
                    verbatim: Value.record([
                        ("name", .text(entry.name)), ("title", .text(entry.title)), ("path", .text(entry.path)),
                    ]).json)
            }
        } else {
            let width = (entries.map(\.name.count).max() ?? 0) + 2
            writer.print(
                entries.map { entry in
                    StyledText(entry.name, .name)
                        + StyledText(String(repeating: " ", count: width - entry.name.count) + entry.title)
                })
        }
        writer.flush()
    }
}
