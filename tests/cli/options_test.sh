#!/usr/bin/env bash
# Options as people type them: before and behind the model, misspelled, and what is said of them.
set -uo pipefail
bpusim=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect CODE PATTERN COMMAND...: the exit code, and a line of stdout or stderr that matches.
expect() {
  local code=$1 pattern=$2
  shift 2
  "$@" >out.txt 2>err.txt
  local got=$?
  if [ $got -ne "$code" ] || ! cat out.txt err.txt | grep -E -- "$pattern" >/dev/null; then
    fail "$* gave $got, expected $code and /$pattern/:"
    cat out.txt err.txt | head -20
  fi
}

printf 'operators:\n  - {op: LayerNormalization, shape: [4, 64]}\n' >good.yaml

# In front of the run as well as behind it.
for options in '--set mac.rows=16' '--on LayerNormalization=cpu' '--machine rdk-x5' '--json r.json' '--no-function' '--log warn' '--quiet'; do
  # shellcheck disable=SC2086
  expect 0 'LayerNormalization' "$bpusim" run $options good.yaml
  # shellcheck disable=SC2086
  expect 0 'LayerNormalization' "$bpusim" run good.yaml $options
done
expect 0 'LayerNormalization' "$bpusim" --quiet run good.yaml
expect 0 'LayerNormalization' "$bpusim" run --set mac.rows=16 --set mac.cols=16 --on LayerNormalization=bpu good.yaml

# The result alone.
"$bpusim" run good.yaml >loud.txt 2>err.txt
grep -q '^note: no machine is named: generic is taken' err.txt || fail "a run without a machine does not say which it takes"
grep -q 'no machine is named: generic is taken' loud.txt || fail "its report does not say it"
"$bpusim" run good.yaml --quiet >quiet.txt 2>err.txt
[ -s err.txt ] && fail "--quiet writes to stderr"
grep -q 'LayerNormalization' quiet.txt || fail "--quiet leaves no result"
"$bpusim" run good.yaml --machine generic >out.txt 2>err.txt
[ -s err.txt ] && fail "a run of a machine by name writes to stderr"
expect 2 'excludes|exclude' "$bpusim" run good.yaml --quiet --log info

# A wrong word: one line, with the one that is meant.
expect 2 "no option '--polcy', did you mean '--policy'" "$bpusim" run good.yaml --polcy full
[ "$(wc -l <err.txt)" = 1 ] || fail "a wrong option prints more than a line"
expect 2 "no option '--quite', did you mean '--quiet'" "$bpusim" run good.yaml --quite
expect 2 "there is no 'x5' in machines, did you mean 'rdk-x5'" "$bpusim" run good.yaml --machine x5
expect 2 "no policy has a row for 'LayerNorm', did you mean 'LayerNormalization'" "$bpusim" list support LayerNorm
expect 2 "is no command that is priced, did you mean 'MatMul'" "$bpusim" cost MtMul --shape 1,2,3

# The same letters: taken, and said.
expect 0 "note: machine 'RDK_X5' is taken as rdk-x5" "$bpusim" run good.yaml --machine RDK_X5
expect 0 "note: policy 'BAYES_E' is taken as bayes-e" "$bpusim" check good.yaml --machine rdk-x5 --policy BAYES_E
expect 0 "note: 'layernormalization' is taken as LayerNormalization" "$bpusim" list support layernormalization
expect 0 "note: 'Matmul' is taken as MatMul" "$bpusim" cost Matmul --machine Generic --shape 1,2,3
expect 0 "note: policy 'Bayes-E' is taken as bayes-e" "$bpusim" list support Softmax --policy Bayes-E

# Run files by name.
expect 0 '^norms +generic +Every normalization' "$bpusim" list runs
expect 0 'batch_norm' "$bpusim" check norms
expect 2 "'nroms' is no file, and no run that comes with bpusim, did you mean 'norms'" "$bpusim" check nroms
if [ ! -f "$(dirname "$(realpath "$(dirname "$bpusim")/../share/bpusim/configs")")/zoo/resnet50_ibn_a.onnx" ]; then
  expect 2 'resnet50_ibn_a.onnx is not there: .scripts/zoo resnet50_ibn_a., in bpusim.s folder, makes it' "$bpusim" check ibn_resnet50
  expect 0 'ibn_resnet50: its model is not there; .scripts/zoo resnet50_ibn_a.' "$bpusim" list runs
fi

# Settings.
for preset in generic j5 rdk-x3 rdk-x5 s100 s100p s600; do
  for bytes in 256KiB 1MiB 4MiB 64MiB; do
    expect 0 'Totals' "$bpusim" run good.yaml --machine $preset --policy full --no-function --no-what-if --set sram.bytes=$bytes
    printf 'machine: %s\npolicy: full\nset: {sram.bytes: %s}\nbase: good.yaml\n' $preset $bytes >sram.yaml
    expect 0 'Totals' "$bpusim" run sram.yaml --no-function --no-what-if
  done
done
expect 2 '^error: --set sram.banks=7: .*sram.banks=6 or 8 would do' "$bpusim" run good.yaml --machine rdk-x5 --set sram.banks=7
printf 'base: good.yaml\nmachine: rdk-x5\nset: {sram.banks: 7}\n' >banks.yaml
expect 2 '^error: banks.yaml:3: set.sram.banks: .*sram.banks=6 or 8 would do' "$bpusim" run banks.yaml

# What is no run.
printf 'mac: {rows: 8}\n' >machine.yaml
expect 2 'machine.yaml: this is a machine file: bpusim run MODEL --machine machine.yaml' "$bpusim" run machine.yaml
expect 2 'good.yaml: this is a run file: bpusim run good.yaml' "$bpusim" run good.yaml --machine good.yaml
expect 2 'machine.yaml: this is a machine file' "$bpusim" run good.yaml --policy machine.yaml

# A folder of samples that is not there is wrong for check as it is for run.
printf 'base: good.yaml\ncalibration_samples: [nowhere]\n' >samples.yaml
expect 2 'nowhere: no such file or folder' "$bpusim" check samples.yaml --json -
expect 2 'nowhere: no such file or folder' "$bpusim" run samples.yaml --json -

[ $failures -eq 0 ] && echo "all options passed"
exit $((failures > 0))
