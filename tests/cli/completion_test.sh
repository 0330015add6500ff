#!/usr/bin/env bash
# What shells offer: words of commands, options and values from the program, through the scripts of each shell.
# Usage: completion_test.sh BPUSIM SOURCE_FOLDER
set -uo pipefail
bpusim=$(realpath "$1")
shells=$2/sim/cli/shells
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
PATH=$(dirname "$bpusim"):$PATH
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# Of the program.
# says EXPECTED WORD...: its lines, without descriptions, on one.
says() {
  local expected=$1 got
  shift
  got=$("$bpusim" complete -- "$@" | cut -f1 | tr '\n' ' ') || fail "complete -- $* ends with an error"
  [[ $got == $expected ]] || fail "complete -- $* says '$got', expected '$expected'"
}
says 'run compare check conformance cost list docs :none ' ''
says 'compare conformance cost :none ' co
says 'machines runs policies *kernels *:none ' list ''
says '--machine --mapper-table :none ' run --ma
says '--version :none ' --v
says '*--policy *' run --machine rdk-x5 --
says '*--set *' run --set a=b --  # again
[[ $("$bpusim" complete -- run --machine rdk-x5 -- | cut -f1) == *--machine* ]] && fail "--machine is offered twice"
for option in --machine --beside-machine; do says '*generic *rdk-x3 rdk-x5 *:files yaml ' compare $option ''; done
says 'rdk-x3 rdk-x5 :files yaml ' run --machine rdk
says '--machine=rdk-x3 --machine=rdk-x5 :files yaml ' run --machine=rdk
says 'bayes bayes-e bernoulli2 :files yaml ' check --policy b
says 'mac.rows= :none ' run --set mac.ro
says 'mac.dataflow=output_stationary *:none ' run --set mac.dataflow=
says ':none ' run --set mac.rows=
says 'Softmax= :none ' run --on Softm
says 'Softmax=bpu Softmax=cpu :none ' run --on Softmax=
says 'If_1=true If_1=false :none ' run --assume If_1=
says '*auto *:none ' run --calibration ''
says 'all :none ' run --int16 ''
says ':none ' run --dim ''
says ':files ' run --csv ''
says ':folders ' run --out ''
says '*norms *:files yaml onnx ' run ''
says '*norms *:files yaml onnx ' run --json r.json --no-function ''
says ':none ' run model.onnx ''
says '*norms *:files yaml onnx json ' compare model.onnx ''
says 'Softmax *:none ' list support Softm
says 'MatMul :none ' cost Mat
says 'run_file run :none ' docs schema --of ru
says 'trace debug *:none ' --log ''
says 'run compare *:none ' --log info ''
says ':folders ' conformance ''
says 'run compare *:none ' nonsense ''
says ':none ' run --nonsense=
BPUSIM_CONFIGS=$work/nowhere says ':files yaml ' run --machine ''
# Whatever an option takes is offered in one way or another, and every word that is offered is taken.
for method in $("$bpusim" complete -- run --calibration '' | grep -v :); do
  printf 'operators: [{op: Relu, shape: [4]}]\n' >run.yaml
  "$bpusim" check run.yaml >/dev/null --machine generic || fail "check"
  "$bpusim" run run.yaml --calibration "$method" >/dev/null || fail "--calibration $method is offered, and is none"
done
"$bpusim" --help | grep -q ' complete ' && fail "the hidden command is shown"

# Of bash. Its word breaks are not in what comes back.
in_bash() {
  bash -c 'compopt() { said+=" $*"; }; . "$1"; COMP_LINE=$2 COMP_POINT=${#2} said=; _bpusim bpusim
           printf "%s\n" "${COMPREPLY[@]}"; echo "[$said ]"' - "$shells/bpusim.bash" "$1" | tr '\n' ' '
}
bash_says() {
  local got
  got=$(in_bash "$2")
  [[ $got == $1 ]] || fail "bash offers '$got' for '$2', expected '$1'"
}
touch model.onnx notes.txt other.yaml
mkdir folder
bash_says 'compare conformance cost \[ +o default \] ' 'bpusim co'
bash_says 'rdk-x3 rdk-x5 \[*' 'bpusim run model.onnx --machine rdk'
bash_says 'rdk-x3 rdk-x5 \[*' 'bpusim run --machine=rdk'
bash_says 'mac.rows= \[*-o nospace \] ' 'bpusim run --set mac.ro'
bash_says 'bpu cpu \[*' 'bpusim run --on Softmax='
bash_says '*norms *folder *run.yaml *model.onnx \[ -o filenames \] ' 'bpusim run '
[[ $(in_bash 'bpusim run ') == *notes.txt* ]] && fail "bash offers files that are none to run"
bash_says 'folder \[ -o filenames \] ' 'bpusim run --out f'
bash -c '. "$1"; complete -p bpusim' - "$shells/bpusim.bash" | grep -q -- '-F _bpusim bpusim' || fail "bash does not know it"

# Of zsh and fish, where they are there.
if command -v zsh >/dev/null; then
  in_zsh() {  # WORD...: the last is completed
    zsh -c '_describe() { print -rl -- ${(P)2}; }; _files() { print -r -- "[files $*]"; }
            words=(bpusim "${@[2,-1]}"); CURRENT=$#words PREFIX=$words[-1]; . "$1"' - "$shells/_bpusim" "$@" | tr '\n' ' '
  }
  zsh_says() {
    local expected=$1 got
    shift
    got=$(in_zsh "$@")
    [[ $got == $expected ]] || fail "zsh offers '$got' for '$*', expected '$expected'"
  }
  zsh_says 'compare:Show runs side by side* conformance:* cost:* ' co
  zsh_says 'rdk-x3 rdk-x5 \[files -g \*.(yaml)\] ' run --machine rdk
  zsh_says 'mac.rows=:* ' run --set mac.ro
  zsh_says '*norms \[files -g \*.(yaml|onnx)\] ' run ''
fi
if command -v fish >/dev/null; then
  fish_says() {
    local got
    got=$(HOME=$work fish --no-config -c "source $shells/bpusim.fish; complete -C '$2'" | cut -f1 | tr '\n' ' ')
    [[ $got == $1 ]] || fail "fish offers '$got' for '$2', expected '$1'"
  }
  fish_says 'compare conformance cost ' 'bpusim co'
  fish_says '*rdk-x3 rdk-x5 *' 'bpusim run --machine rdk'
  fish_says 'Softmax=bpu Softmax=cpu ' 'bpusim run --on Softmax='
fi

[ $failures -eq 0 ] && echo "all cases of completion passed"
exit $((failures > 0))
