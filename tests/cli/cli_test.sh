#!/usr/bin/env bash
# The command line as a user meets it: exit codes, and what stdout and stderr say.
set -uo pipefail
bpusim=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

# expect CODE PATTERN COMMAND...: the exit code, and a line of stdout or stderr that matches.
expect() {
  local code=$1 pattern=$2
  shift 2
  "$@" >out.txt 2>err.txt
  local got=$?
  if [ $got -ne "$code" ] || ! cat out.txt err.txt | grep -E -- "$pattern" >/dev/null; then
    echo "FAILED: $* gave $got, expected $code and /$pattern/:"
    cat out.txt err.txt | head -20
    failures=$((failures + 1))
  fi
}

cat >good.yaml <<'Y'
operators:
  - {op: LayerNormalization, shape: [4, 64]}
Y
expect 0 'LayerNormalization' "$bpusim" run good.yaml
"$bpusim" run good.yaml --machine generic >out.txt 2>err.txt
[ -s err.txt ] && { echo "FAILED: a run without trouble writes to stderr"; failures=$((failures + 1)); }
expect 0 '"schema": "bpusim-run-2"' "$bpusim" run good.yaml --json -
expect 0 'Totals' "$bpusim" run good.yaml --out results --json r.json --machine rdk-x5 --policy full
[ -s results/report.txt ] && [ -s results/report.json ] && [ -s r.json ] || { echo "FAILED: --out or --json left nothing"; failures=$((failures + 1)); }
expect 0 'info: LayerNormalization' "$bpusim" --log info run good.yaml
expect 0 'info: +[0-9]+ %, compile' "$bpusim" --log info run good.yaml
expect 0 'LayerNormalization' "$bpusim" run good.yaml --nodes --no-what-if
expect 0 'segments +1 +1 +0 +0.0' "$bpusim" compare good.yaml --beside-set reduction.lanes=128
expect 0 'segments +1 +1 +0 +0.0' "$bpusim" compare --beside-set reduction.lanes=128 good.yaml --log error
expect 2 "no option '--polcy', did you mean '--policy'.*bpusim run --help" "$bpusim" run good.yaml --polcy full
expect 2 "no option '--lgo', did you mean '--log'" "$bpusim" --lgo info run good.yaml
expect 2 "no command 'rnu', did you mean 'run'|there are: .*run" "$bpusim" rnu good.yaml
[ "$(wc -l <err.txt)" = 1 ] || { echo "FAILED: a wrong option prints more than a line"; failures=$((failures + 1)); }
expect 0 'generic' "$bpusim" run --set reduction.lanes=128 --set mac.rows=16 good.yaml
expect 0 '"schema": "bpusim-compare-2"' "$bpusim" compare good.yaml good.yaml --no-function --json -
expect 2 'nothing tells two runs apart' "$bpusim" compare good.yaml

# Results say how they were made; the same inputs give the same bytes but for who made them.
expect 0 '^bpusim [0-9.]+.*, machine generic [0-9a-f]{8} with mac.rows=16' "$bpusim" run good.yaml --set mac.rows=16
grep -q 'run good.yaml --set mac.rows=16$' out.txt || { echo "FAILED: the report does not have the command line"; failures=$((failures + 1)); }
"$bpusim" run good.yaml --json first.json >out.txt 2>err.txt
"$bpusim" run good.yaml --json "second file.json" >out.txt 2>err.txt
without_host() { sed '/^  "host": {$/,/^  }$/d' "$1"; }
cmp -s <(without_host first.json) <(without_host "second file.json") || { echo "FAILED: two results of the same differ"; failures=$((failures + 1)); }
grep -q "run good.yaml --json 'second file.json'\"" "second file.json" || { echo "FAILED: host.command is not what was typed"; failures=$((failures + 1)); }
grep -q "\"sha256\": \"$(sha256sum good.yaml | cut -d' ' -f1)\"" first.json || { echo "FAILED: no hash of the run file"; failures=$((failures + 1)); }

# Any number of runs, stored or simulated.
"$bpusim" run good.yaml --machine rdk-x5 --policy full --no-what-if --json x5.json >out.txt
expect 0 '^ +a +b +%|generic +rdk-x5' "$bpusim" compare first.json x5.json
expect 0 'mac.rows=16' "$bpusim" compare first.json good.yaml --set mac.rows=16
expect 0 '^b: int16=LayerNormalization' "$bpusim" compare good.yaml --beside '--int16 LayerNormalization'
expect 0 '^c: machine rdk-x5 [0-9a-f]{8}, policy full|^c: .*rdk-x5' "$bpusim" compare good.yaml --no-function --beside '--set mac.rows=16' --beside '--machine rdk-x5 --policy full'
expect 0 '^c: .*\(from first.json\)' "$bpusim" compare good.yaml x5.json first.json
expect 2 "x5.json: --beside-machine, --beside-policy and --beside-set change nothing" "$bpusim" compare good.yaml x5.json --beside-policy full
expect 2 "first.json: --beside runs the first file again" "$bpusim" compare first.json --beside '--int16 all'
expect 2 "^error: --machine changes nothing: all that is compared here is stored" "$bpusim" compare first.json x5.json --machine s100
expect 2 "beside.*are of the second of two runs" "$bpusim" compare good.yaml good.yaml good.yaml --beside-policy full
expect 2 "^error: --beside ''" "$bpusim" compare good.yaml --beside ''
expect 2 "^error: --beside '--polcy full': .*polcy" "$bpusim" compare good.yaml --beside '--polcy full'
head -c 1000 first.json >cut.json
expect 2 '^error: cut.json:[0-9]+:[0-9]+: not valid JSON' "$bpusim" compare cut.json good.yaml
sed 's/"cycles": [0-9][0-9]*/"cycles": "many"/' first.json >words.json
expect 2 '^error: words.json: total.cycles: expected a whole number' "$bpusim" compare words.json first.json
sed 's/bpusim-run-2/bpusim-run-1/' first.json >old.json
expect 2 "^error: old.json: is 'bpusim-run-1', and 'bpusim-run-2' is what is read here" "$bpusim" compare old.json first.json
expect 2 'nowhere.json: no such file' "$bpusim" compare nowhere.json first.json
expect 0 '^name,op,on,reason,.*,accuracy.cosine,' "$bpusim" run good.yaml --csv -
[ "$(wc -l <out.txt)" -eq 2 ] || { echo "FAILED: --csv - of one node has other than two lines"; failures=$((failures + 1)); }
expect 0 'Totals' "$bpusim" run good.yaml --csv r.csv
cmp -s <("$bpusim" run good.yaml --csv - 2>/dev/null) r.csv || { echo "FAILED: --csv FILE and --csv - differ"; failures=$((failures + 1)); }
expect 0 '"schema": "bpusim-run-2"' "$bpusim" run good.yaml --json - --csv r.csv
expect 0 '^name,b.difference_ms,b.difference_percent,a.op,.*,b.op,' "$bpusim" compare good.yaml --beside-set reduction.lanes=128 --csv -
expect 2 'both write to stdout' "$bpusim" run good.yaml --json - --csv -
expect 2 'both write to stdout' "$bpusim" compare good.yaml good.yaml --json - --csv -
expect 2 'nowhere/r.csv: can.t be written' "$bpusim" run good.yaml --csv nowhere/r.csv
"$bpusim" run good.yaml | grep -q $'\033' && { echo "FAILED: colours where stdout is no terminal"; failures=$((failures + 1)); }
expect 0 '^bpusim [0-9]+\.[0-9]+' "$bpusim" --version
# The width of texts: $COLUMNS, or 120 without a terminal; files do not follow it.
for columns in 80 100 160; do
  for command in "run --no-what-if" check; do
    COLUMNS=$columns "$bpusim" $command good.yaml --machine rdk-x5 >out.txt 2>err.txt
    [ "$(LC_ALL=C.UTF-8 wc -L <out.txt)" -le $columns ] || { echo "FAILED: $command is wider than $columns columns"; failures=$((failures + 1)); }
  done
done
for columns in "" 0 wide 99999999999999999999 -1; do
  COLUMNS=$columns "$bpusim" check good.yaml >out.txt 2>err.txt
  "$bpusim" check good.yaml | cmp -s - out.txt || { echo "FAILED: COLUMNS='$columns' is taken for a width"; failures=$((failures + 1)); }
done
COLUMNS=60 "$bpusim" run good.yaml --out narrow >/dev/null
COLUMNS=200 "$bpusim" run good.yaml --out broad >/dev/null
cmp -s <(grep -v 'simulation\|--out' narrow/report.txt) <(grep -v 'simulation\|--out' broad/report.txt) || { echo "FAILED: report.txt follows the terminal's width"; failures=$((failures + 1)); }
expect 0 '^ *Cycles  Node +engine_cycles.work$' "$bpusim" run good.yaml --columns cycles,name,engine_cycles.work
expect 0 'In +Out|Waits for' "$bpusim" run good.yaml --wide
expect 2 "columns: there is no column 'cylces', did you mean 'cycles'" "$bpusim" run good.yaml --columns name,cylces
expect 2 'columns: there are name, op, on, .*accuracy.cosine' "$bpusim" run good.yaml --columns name,cylces
for command in run compare check conformance cost list docs; do expect 0 'Usage' "$bpusim" $command --help; done
for command in run compare check conformance cost list; do expect 0 'Example' "$bpusim" $command --help; done
expect 0 'bayes-e' "$bpusim" list machines
expect 0 'InstanceNormalization +bpu +cpu' "$bpusim" list policies
expect 0 'GroupNormalization' "$bpusim" list kernels
expect 0 'ConvTranspose +MAC array' "$bpusim" list operators
expect 0 '"cycles": 42367' "$bpusim" cost MatMul --set mac.rows=16 --set mac.cols=16 --shape 128,128,632 --json
expect 0 'adder_tree' "$bpusim" cost Reduce --shape 64,3136
expect 0 '"title": "bpusim machine"' "$bpusim" docs schema
expect 0 '"const": "bpusim-compare-2"' "$bpusim" docs schema --of compare
expect 2 'nothing' "$bpusim" docs schema --of nothing
expect 0 '/variance +ReduceMean' "$bpusim" check good.yaml --machine rdk-x5 --nodes
expect 0 'ReduceMean x2' "$bpusim" check good.yaml --machine rdk-x5
expect 0 'bpusim run good.yaml --machine rdk-x5 --set mac.rows=8$' "$bpusim" check good.yaml --machine rdk-x5 --set mac.rows=8
expect 0 'CPU +LayerNorm .*the run puts it on the CPU' "$bpusim" check good.yaml --on LayerNormalization=cpu
expect 2 "is no node and no operator of the network, did you mean 'LayerNormalization'" "$bpusim" check good.yaml --on LayerNormalisation=cpu
expect 2 'expected NODE=bpu or NODE=cpu' "$bpusim" check good.yaml --on LayerNormalization=gpu
expect 0 'axis >= 1, <= 3' "$bpusim" list support Softmax --policy bayes-e
expect 0 '"schema": "bpusim-support-1"' "$bpusim" list support --json
expect 2 "did you mean 'Softmax'" "$bpusim" list support Sofmax
expect 2 'takes nothing more' "$bpusim" list kernels Softmax
expect 0 'kernel_h' "$bpusim" docs policies
expect 0 'bpusim support policy' "$bpusim" docs schema --of policy

# Bad input: 2.
expect 2 'run --help|CONFIG|config is required' "$bpusim" run
expect 2 'nowhere.yaml: no such file' "$bpusim" run nowhere.yaml
expect 2 "there is no 'rdk-x6' in machines, did you mean 'rdk-x3'|did you mean 'rdk-x" "$bpusim" run good.yaml --machine rdk-x6
expect 2 "no option '--r.x1Bun'" "$bpusim" run good.yaml $'--r\eun'
expect 2 '^error: --set dram.rcd=2900: dram.refi: .*dram.rcd=[0-9]+ would do' "$bpusim" run good.yaml --set dram.rcd=2900
expect 2 "did you mean 'rows'" "$bpusim" run good.yaml --set mac.rwos=8
expect 2 'expected a whole number between 1 and 4096' "$bpusim" run good.yaml --set mac.rows=0
expect 2 'expected a number in B, bytes' "$bpusim" run good.yaml --set sram.bytes=2MHz
expect 2 'takes M,N,K' "$bpusim" cost MatMul --shape 1,2
expect 2 "did you mean 'MatMul'" "$bpusim" cost MatMl --shape 1,2,3
printf 'operators:\n  - {op: LayerNormalization, shpe: [4, 64], shape: [4, 64]}\n' >unknown_key.yaml
expect 2 "unknown_key.yaml:2: operators\[0\].shpe: unknown key, did you mean 'shape'" "$bpusim" run unknown_key.yaml
printf 'operators:\n  - {op: InstanceNormalization, shape: [64]}\n' >rank.yaml
expect 2 'rank|channels' "$bpusim" run rank.yaml
printf 'operators:\n  - {op: LayerNormalization, shape: [4, 64], attributes: {axis: 5}}\n' >axis.yaml
expect 2 'axis' "$bpusim" run axis.yaml
printf 'operators:\n  - {op: LayerNormalization, shape: [4, 0]}\n' >zero.yaml
expect 2 'holds 0; every extent must be at least 1' "$bpusim" run zero.yaml
printf 'operators: [\n' >syntax.yaml
expect 2 'syntax.yaml:2: not valid YAML' "$bpusim" run syntax.yaml
expect 2 'numerics.sum_bits is 10' "$bpusim" run good.yaml --set numerics.sum_bits=10
printf 'not a model' >bad.onnx
expect 2 'bad.onnx: not an ONNX model' "$bpusim" run bad.onnx
model=/usr/share/libonnx-testdata/data/node/test_layer_normalization_2d_axis0/model.onnx
if [ -f $model ]; then
  head -c 150 $model >cut.onnx
  expect 2 'cut.onnx: not an ONNX model, or damaged \(150 bytes\): graph at byte [0-9]+: says that it has' "$bpusim" run cut.onnx
  expect 2 "the model has no open dimension 'N'" "$bpusim" check $model --dim N=2
  expect 0 'LayerNormalization' "$bpusim" run $model
  expect 0 'LayerNormalization' "$bpusim" check $model
  data=$(dirname $model)/test_data_set_0
  printf 'model: %s\ninputs: {X: %s/input_0.pb, W: %s/input_1.pb, B: %s/input_2.pb}\n' $model $data $data $data >model.yaml
  expect 0 'LayerNormalization' "$bpusim" run model.yaml
  sed -i 's/{X:/{Y:/' model.yaml
  expect 2 'the model has no such input' "$bpusim" run model.yaml
  # A gamma of the wrong length: that of another case in its place.
  folder=/usr/share/libonnx-testdata/data/node/test_layer_normalization_2d_axis1
  printf 'model: %s/model.onnx\ninputs: {X: %s/input_0.pb, W: %s/input_1.pb, B: %s/input_2.pb}\n' \
    $folder $data $data $folder/test_data_set_0 >gamma.yaml
  expect 2 "'W' is an input of shape 4, and what is given for it has 3x4" "$bpusim" run gamma.yaml
fi
expect 2 'nowhere: no such folder' "$bpusim" conformance nowhere

# Nowhere to run: 3, all of them named.
printf 'operators:\n  - {name: a, op: RandomNormalLike, shape: [4]}\n  - {name: b, op: MeanVarianceNormalization, shape: [1, 4, 4, 4]}\n' >unplaced.yaml
expect 3 'b \(MeanVarianceNormalization\)' "$bpusim" run unplaced.yaml --policy bayes
expect 3 'a \(RandomNormalLike\)' "$bpusim" run unplaced.yaml --policy bayes
expect 3 'unsupported|makes tensors' "$bpusim" check unplaced.yaml --policy bayes

# Ran, but wrong: 1.
expect 1 'accumulators wrapped' "$bpusim" run good.yaml --set numerics.square_sum_bits=12 --set numerics.on_overflow=wrap

[ $failures -eq 0 ] && echo "all command-line cases passed"
exit $((failures > 0))
