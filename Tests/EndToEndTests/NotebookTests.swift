// Notebooks from the command line.

import Testing

@Suite struct NotebookCommandTests {
    /// Makes `n.icot`, whose recorded outputs are right.
    private let make = """
        printf '%s\\n' '# icot 1' '# %% [md]' '# # Sums' '# %% params' 'let n = 3' '# %% sums' 'n * 2' '#> 6' 'pritn n' '#! E201' > n.icot

        """

    @Test func `a notebook replays on the terminal: prose, statements, results`() throws {
        let run = try shell(make + "icot n.icot")
        #expect(run.status == 0)
        #expect(run.output.contains("Sums\n"))
        #expect(run.output.contains("icot> n * 2\n6\n"))
        #expect(run.error.contains("E201"))
        #expect(try shell(make + "icot n.icot -p n=50").output.contains("\n100\n"))
        #expect(try shell(make + "icot n.icot --json 2>&1 | head -1").output == "6\n")
    }

    @Test func `check tells agreement from difference, and update puts it right`() throws {
        #expect(try shell(make + "icot replay n.icot --check").status == 0)
        let differs = try shell(make + "icot replay n.icot --check -p n=4")
        #expect(differs.status == 1)
        #expect(differs.output.contains("recorded  6"))
        #expect(
            try shell(make + "sed -i 's/> 6/> 7/' n.icot; icot replay n.icot --update; icot replay n.icot --check")
                .status == 0)
        #expect(
            try shell(make + "icot replay n.icot --check --json").output.contains("\"exit\":0")
                || shell(make + "icot replay n.icot --check --json").output.contains("\"exit\": 0"))
    }

    @Test func `each way to fail has its status`() throws {
        #expect(try shell("icot nowhere.icot").status == 3)
        #expect(try shell(make + "icot n.icot -p m=1").status == 2)
        #expect(try shell(make + "echo '1 // 0' >> n.icot; icot n.icot").status == 2)
        #expect(try shell(make + "echo 'pritn 1' >> n.icot; icot replay n.icot --check").status == 2)
        #expect(try shell(make + "sed -i 's/# icot 1/# icot 9/' n.icot; icot n.icot").status == 4)
        #expect(
            try shell(make + "sed -i '1a # pin: gone.txt sha256:00' n.icot; icot replay n.icot --check").status == 3)
        #expect(try shell(make + "icot replay n.icot --check --update").status == 2)
    }

    @Test func `pages are made without running, and effects are listed`() throws {
        let page = try shell(make + "icot export n.icot --to html && cat n.html")
        #expect(page.status == 0)
        #expect(page.output.contains("<html"))
        #expect(try shell(make + "icot export n.icot --to md -o -").output.contains("# Sums"))
        #expect(try shell(make + "icot export n.icot --to ipynb -o -").output.contains("\"nbformat\""))
        #expect(try shell(make + "icot effects n.icot").output.contains("no files"))
    }
}
