# UNTESTED: written where there was no Homebrew. It installs what `make release` made; put the address of the archive and
# its checksum (sha256sum dist/icot-*.tar.gz) where they belong. There is no build for macOS yet.
class Icot < Formula
  desc "Watch a language model learn to stop showing its work"
  url "file:///path/to/icot-0.1.0-linux-x86_64.tar.gz"
  version "0.1.0"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "Apache-2.0"

  depends_on :linux

  def install
    bin.install "bin/icot"
    man1.install Dir["share/man/man1/*"]
    man7.install Dir["share/man/man7/*"]
    bash_completion.install "share/bash-completion/completions/icot"
    zsh_completion.install "share/zsh/site-functions/_icot"
    fish_completion.install "share/fish/vendor_completions.d/icot.fish"
    # Next to bin, where icot looks for its notebooks.
    (share/"icot").install Dir["share/icot/*"]
  end

  test do
    assert_equal "42\n", shell_output("#{bin}/icot -c '6 * 7'")
    assert_match "lesson", shell_output("#{bin}/icot notebooks")
  end
end
