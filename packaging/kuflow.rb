# The formula for a Homebrew tap. The release workflow replaces what is in braces (scripts/write-packaging.mjs).
class Kuflow < Formula
  desc "{{description}}"
  homepage "{{repository}}"
  version "{{version}}"
  license "MIT"

  on_macos do
    depends_on arch: :arm64
    url "{{url darwin-arm64}}"
    sha256 "{{sha256 darwin-arm64}}"
  end

  on_linux do
    depends_on arch: :x86_64
    url "{{url linux-x64}}"
    sha256 "{{sha256 linux-x64}}"
  end

  def install
    bin.install "kuflow"
    doc.install "LICENSE", "LICENSE.node", "THIRD_PARTY_NOTICES"
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/kuflow --version").strip
  end
end
