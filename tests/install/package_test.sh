#!/usr/bin/env bash
# The Debian packages, as a user meets them once they are unpacked.
# Usage: package_test.sh BUILD_FOLDER SOURCE_FOLDER
set -uo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
# The program finds its configurations beside itself.
unset BPUSIM_CONFIGS
export XDG_DATA_DIRS=$work/nothing

cpack --config "$build/CPackConfig.cmake" -B "$work/debs" >"$work/cpack.txt" 2>&1 || { cat "$work/cpack.txt"; exit 1; }
program=$(ls "$work"/debs/bpusim_*.deb) development=$(ls "$work"/debs/libbpusim-dev_*.deb) || exit 1
root=$work/root
dpkg-deb -x "$program" "$root"
bpusim=$root/usr/bin/bpusim share=$root/usr/share
field() { dpkg-deb -f "$1" "$2"; }

# Who, what, and what it needs.
[[ $(field "$program" Maintainer) == *'<'*@*'>' ]] || fail "maintainer: $(field "$program" Maintainer)"
[[ $(field "$program" Section) == electronics && $(field "$development" Section) == libdevel ]] || fail "sections"
[[ $(field "$program" Depends) == *libsystemc*libyaml-cpp* && $(field "$program" Depends) != *-dev* ]] || fail "needs $(field "$program" Depends)"
[[ $(field "$development" Depends) == "bpusim (= $(field "$program" Version))"*libsystemc-dev* ]] || fail "development needs $(field "$development" Depends)"
for package in "$program" "$development"; do
  name=$(field "$package" Package) files=$(dpkg-deb -c "$package")
  for file in copyright changelog.Debian.gz; do
    [[ $files == *" ./usr/share/doc/$name/$file"* ]] || fail "$name: no $file"
  done
done
[[ $files == *libbpusim.a* && $files == *bpusimConfig.cmake* ]] || fail "no library"

# Nothing of where it was built.
for folder in "$source" "$build"; do
  grep -rlaF "$folder" "$root" && fail "$folder is in these"
done
[ "$("$bpusim" list machines | grep -c .)" -gt 4 ] || fail "the machines are not found"

# Files name schemas that are there; the documentation's links lead somewhere.
while read -r file schema; do
  [ -f "$(dirname "$file")/$schema" ] || fail "$file names $schema"
done < <(grep -roP '^# yaml-language-server: \$schema=\K.*' "$share/bpusim/configs" | sed 's/:/ /')
grep -rL '^# yaml-language-server' "$share/bpusim/configs" | grep . && fail "these name no schema"
cmp "$share/bpusim/docs/run-file.schema.json" <("$bpusim" docs schema --of run_file) || fail "the schema of run files is not the program's"
while read -r page link; do
  case $link in *CONTRIBUTING.md | *LICENSE) continue ;; esac  # of the sources
  [ -e "$(dirname "$page")/$link" ] || fail "$page: there is no $link"
done < <(cd "$share/doc/bpusim" && grep -oP '\]\(\K[^)#:]+(?=[)#])' -- README.md docs/*.md | sed "s|^|$share/doc/bpusim/|; s/:/ /")

# The manual.
if [ -n "$(command -v help2man)" ]; then
  for page in bpusim $("$bpusim" complete -- '' | grep -v '^:' | sed 's/\t.*//; s/^/bpusim-/'); do
    gzip -dc "$share/man/man1/$page.1.gz" >"$work/$page.1" || { fail "no page of $page"; continue; }
    grep -q "^$page \\\\- [a-z]" "$work/$page.1" || fail "$page: $(sed -n '/NAME/{n;p}' "$work/$page.1")"
    for section in 'EXIT STATUS' ENVIRONMENT FILES; do grep -q "^.SH \"*$section" "$work/$page.1" || fail "$page: no $section"; done
    if command -v mandoc >/dev/null; then mandoc -T lint -W warning "$work/$page.1" || fail "$page"; fi
    if command -v man >/dev/null; then
      [ -z "$(MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$work/$page.1" 2>&1 >/dev/null)" ] || fail "$page: warnings"
    fi
  done
  grep -q '^.BR bpusim-run (1)' "$work/bpusim.1" || fail "bpusim.1 does not lead to the others"
  grep -q 'bpusim run norms' "$work/bpusim-run.1" || fail "bpusim-run.1 has no examples"
fi

# Completion, where shells look.
bash -c '. "$1"; compopt() { :; }; COMP_LINE="bpusim run --machine rdk"; COMP_POINT=${#COMP_LINE}; _bpusim "$2"; echo "${COMPREPLY[@]}"' - \
  "$share/bash-completion/completions/bpusim" "$bpusim" | grep -qx 'rdk-x3 rdk-x5' || fail "bash offers other machines"
[ -s "$share/zsh/vendor-completions/_bpusim" ] && [ -s "$share/fish/vendor_completions.d/bpusim.fish" ] || fail "zsh or fish have no completion"

if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error,warning "$program" >"$work/lintian.txt" 2>&1 || { cat "$work/lintian.txt"; fail "lintian"; }
fi
"$source/scripts/check-docs-commands" "$bpusim" --share "$share/bpusim" >"$work/commands.txt" || { cat "$work/commands.txt"; fail "commands of the documentation"; }

[ $failures -eq 0 ] && echo "the packages are whole"
exit $((failures > 0))
