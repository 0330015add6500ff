#!/usr/bin/env bash
# Files that are not what they seem, and places where results can't go: exit codes, words, and what is left behind.
set -uo pipefail
bpusim=$(realpath "$1")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# Instrumented programs map terabytes and do not start in less.
room=4000000
(ulimit -v $room && "$bpusim" --version >/dev/null 2>&1) || room=unlimited

# expect CODE PATTERN COMMAND...: the exit code, a line of stderr that matches, ten seconds and 4 GB of address space at most (2 of
# them are a heap that nobody touches).
expect() {
  local code=$1 pattern=$2 got
  shift 2
  (ulimit -v $room 2>/dev/null; timeout 10 "$@") >out.txt 2>err.txt
  got=$?
  { [ $got -eq "$code" ] && grep -aE -- "$pattern" err.txt >/dev/null; } || { fail "$* gave $got, expected $code and /$pattern/:"; head -c 2000 err.txt; }
}

printf 'operators:\n  - {op: Relu, shape: [1, 64]}\n' >good.yaml

# A model of one Relu on four numbers, the node's name given, as protobuf writes it.
relu_model() {
  python3 - "$1" <<'P'
import sys
def field(number, payload):
    return bytes([number << 3 | 2, len(payload)]) + payload
name = sys.argv[1].encode("utf-8", "surrogateescape")
shape = field(1, bytes([1 << 3, 4]))
info = lambda n: field(1, n) + field(2, field(1, bytes([1 << 3, 1]) + field(2, shape)))
node = field(1, b"x") + field(2, b"y") + field(3, name) + field(4, b"Relu")
graph = field(1, node) + field(2, b"g") + field(11, info(b"x")) + field(12, info(b"y"))
sys.stdout.buffer.write(bytes([1 << 3, 8]) + field(7, graph) + field(8, bytes([2 << 3, 13])))
P
}

# Results.
echo old >r.json
expect 74 'stdout: can.t be written: No space left' sh -c '"$0" run good.yaml >/dev/full' "$bpusim"
expect 74 'stdout: can.t be written' sh -c '"$0" --help >/dev/full' "$bpusim"
expect 74 'stdout: can.t be written' sh -c '"$0" list operators >/dev/full' "$bpusim"
expect 74 '/dev/full: can.t be written: No space left' "$bpusim" run good.yaml --json /dev/full
expect 74 'r.json: can.t be written: File too large' sh -c 'ulimit -f 1; exec "$0" run good.yaml --json r.json >/dev/null' "$bpusim"
[ "$(cat r.json)" = old ] || fail "a result that did not fit took the place of the old one"
expect 74 'Broken pipe' bash -c 'set -o pipefail; "$0" run good.yaml | true' "$bpusim"
expect 2 'nowhere/r.json: can.t be written: No such file' "$bpusim" run good.yaml --json nowhere/r.json
# What is asked for and cannot be meant.
for limit in -1 0 99999999999999999999 much; do
  expect 2 "--memory-limit $limit: expected" "$bpusim" check good.yaml --memory-limit "$limit"
done
printf -- '---\noperators:\n  - {op: Relu, shape: [1, 64]}\n---\nmachine: rdk-x5\n' >two.yaml
expect 2 'two.yaml:5: a second YAML document' "$bpusim" check two.yaml
rm two.yaml

# Nothing that the result is made from is written over, and no result over another.
relu_model r >m.onnx
python3 - <<'P'
import struct
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }"
header += " " * (117 - len(header)) + "\n"
with open("0.npy", "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack("<4f", 1, 2, 3, 4))
P
printf 'model: m.onnx\ninputs: {x: 0.npy}\n' >m.yaml
ln -s m.onnx link.onnx
ln m.onnx hard.onnx
cp m.onnx before.onnx
cp 0.npy before.npy
for place in m.onnx ./nowhere/../m.onnx link.onnx hard.onnx; do
  mkdir -p nowhere
  expect 2 "$place: can.t be written: it is a file that the result is made from" "$bpusim" run m.onnx --json "$place"
done
rmdir nowhere
expect 2 'm.yaml: can.t be written: it is a file that the result is made from' "$bpusim" run m.yaml --csv m.yaml
expect 2 '0.npy: can.t be written: it is a file that the result is made from' "$bpusim" check m.yaml --json 0.npy
for option in --dump-golden --dump-outputs; do
  expect 2 '0.npy: can.t be written: it is a file that the result is made from' "$bpusim" run m.yaml "$option" .
done
expect 2 'z: can.t be written: another result goes there' "$bpusim" run m.yaml --json z --csv z
mkdir o
expect 2 'o/report.json: can.t be written: another result goes there' "$bpusim" run m.yaml --out o --json o/report.json
expect 2 '--dump-golden and --dump-outputs go to the same folder' "$bpusim" run m.yaml --dump-golden q --dump-outputs ./q/
cmp m.onnx before.onnx || fail "the model was written over"
cmp 0.npy before.npy || fail "the input was written over"
rm -rf m.onnx m.yaml link.onnx hard.onnx before.onnx before.npy 0.npy names.txt o q

for option in --json --csv --out --dump-golden; do
  expect 2 "$option: needs a name" "$bpusim" run good.yaml "$option" ''
done
expect 2 'good.yaml: no folder can be made' "$bpusim" run good.yaml --out good.yaml
expect 2 'good.yaml/d: no folder can be made' "$bpusim" run good.yaml --dump-golden good.yaml/d
mkdir results && ln -s results/real.json link.json && "$bpusim" run good.yaml --json link.json >/dev/null
[ -L link.json ] && [ -s results/real.json ] || fail "a link to the result was replaced"
chmod 640 r.json && "$bpusim" run good.yaml --json r.json >/dev/null
[ "$(stat -c %a r.json)" = 640 ] || fail "a result's mode changed"
echo old >r.json
printf 'operators:\n  - {op: Conv, shape: [1, 64, 224, 224], out_channels: 256}\n' >long.yaml
for signal in INT TERM; do
  # A shell has its background commands ignore SIGINT.
  python3 - "$bpusim" $signal <<'P' || fail "SIG$signal"
import signal, subprocess, sys, time
number = getattr(signal, "SIG" + sys.argv[2])
process = subprocess.Popen([sys.argv[1], "run", "long.yaml", "--json", "r.json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(0.3)
process.send_signal(number)
error = process.communicate()[1].decode()
sys.exit(0 if process.returncode == -number and f"stopped by SIG{sys.argv[2]}" in error else 1)
P
  [ "$(cat r.json)" = old ] || fail "SIG$signal left another result"
done
[ -z "$(ls -A | grep '^\.bpusim')" ] || fail "half written files are left: $(ls -A)"

# Inputs.
mkfifo pipe.onnx pipe.yaml pipe.npy
expect 2 'pipe.onnx: no regular file' "$bpusim" run pipe.onnx
expect 2 'pipe.yaml: no regular file' "$bpusim" run pipe.yaml
ln -s /dev/zero zero.onnx; ln -s /dev/zero zero.yaml; ln -s /dev/zero zero.npy
expect 2 'zero.onnx: no regular file' "$bpusim" run zero.onnx
expect 2 'zero.yaml: no regular file' "$bpusim" run zero.yaml
expect 2 'zero.yaml: no such file|no regular file' "$bpusim" run good.yaml --machine zero.yaml
printf 'operators:\n  - {op: Relu, data: zero.npy}\n  - {op: Relu, data: pipe.npy}\n' >data.yaml
expect 2 'data.yaml:2: operators\[0\]: zero.npy: no regular file' "$bpusim" run data.yaml
truncate -s 20G sparse.yaml sparse.npy sparse.onnx
expect 2 'sparse.yaml: of 21474836480 bytes.*memory limit' "$bpusim" run sparse.yaml
expect 2 'sparse.onnx: larger than 2 GiB' "$bpusim" run sparse.onnx
printf 'operators:\n  - {op: Relu, data: sparse.npy}\n' >sparse_data.yaml
expect 2 'sparse.npy: of 21474836480 bytes.*memory limit' "$bpusim" run sparse_data.yaml
mkdir folder.onnx
expect 2 'folder.onnx: no regular file' "$bpusim" run folder.onnx
printf 'operators:\n  - {op: Relu, shape: [16384, 16384]}\n' >large.yaml
expect 2 'large.yaml:2: operators\[0\]: input of shape 16384x16384 takes 2 GiB.*--memory-limit' "$bpusim" run large.yaml
printf 'operators:\n  - {op: Relu, shape: [512, 512]}\n' >medium.yaml
expect 2 'memory limit of 1 MiB' "$bpusim" run medium.yaml --memory-limit 1MiB
for machine in dram.rcd=3000; do expect 2 'no burst' "$bpusim" run good.yaml --set $machine; done
for dim in N=1e3 N=1x 'N=1,M=2' N= =3 N=-1 N=0 N=99999999999; do expect 2 'expected NAME=VALUE' "$bpusim" run any.onnx --dim "$dim"; done
expect 2 'is set twice' "$bpusim" run any.onnx --dim N=1 --dim N=2
for shape in 9223372036854775807,1,1 1,2,3x 1,,3 99999999,99999999,99999999; do expect 2 -- "$bpusim" cost MatMul --shape $shape; done
python3 -c 'print("operators: [" + ", ".join(["a"] * 300000) + "]")' >many.yaml
expect 2 'reading stopped after' "$bpusim" run many.yaml
[ "$(wc -l <err.txt)" -lt 100 ] || fail "$(wc -l <err.txt) lines of errors"
python3 -c 'print("operators: " + "[" * 5000 + "]" * 5000)' >deep.yaml
expect 2 'deep.yaml' "$bpusim" run deep.yaml

# The vendor's YAML: what its tool prints, and what its log is compared with.
prints() {
  local pattern=$1
  shift
  "$@" 2>&1 | grep -aE -- "$pattern" >/dev/null || fail "$* does not print /$pattern/"
}
relu_model node >m.onnx
printf 'model_parameters: {onnx_model: m.onnx, march: bayes-e, working_dir: out}\ninput_parameters: {input_type_train: featuremap, input_type_rt: featuremap, norm_type: no_preprocess}\ncalibration_parameters: {calibration_type: skip}\ncompiler_parameters: {optimize_level: O3}\n' >vendor.yaml
prints 'node +BPU +id\(0\) +Relu' "$bpusim" run vendor.yaml
prints '1 key is not modelled: working_dir' "$bpusim" check vendor.yaml
"$bpusim" run vendor.yaml >own.log
prints 'Placement: 1 of 1 nodes' "$bpusim" run vendor.yaml --against own.log
expect 2 'm.onnx: has no table of nodes' "$bpusim" run vendor.yaml --against m.onnx
sed -i s/march/marsh/ vendor.yaml
expect 2 'vendor.yaml:1: model_parameters: needs a march' "$bpusim" check vendor.yaml

# Names.
relu_model node >"it's.onnx"; relu_model other >$'two\nlines.onnx'
relu_model $'a\033[2Jb\nc' >controls.onnx; relu_model $'\xff\xfe' >bytes.onnx
for model in "it's.onnx" $'two\nlines.onnx' controls.onnx bytes.onnx; do
  (timeout 10 "$bpusim" run "$model" --json names.json --nodes) >out.txt 2>err.txt || fail "$model: $(cat err.txt)"
  LC_ALL=C grep -q $'\033' out.txt names.json && fail "$model: control characters reach the report"
  python3 -c 'import json; json.load(open("names.json", encoding="utf-8"))' || fail "$model: no JSON"
done
grep -aqF 'a\x1B[2Jb\nc' <("$bpusim" run controls.onnx) || fail "control characters are not shown"
grep -qF '\\xFF\\xFE' names.json || fail "bytes that are no UTF-8 are lost"
expect 2 'missing\\x1B\[31m.onnx: no such file' "$bpusim" run $'missing\033[31m.onnx'

[ $failures -eq 0 ] && echo "all cases with files passed"
exit $((failures > 0))
