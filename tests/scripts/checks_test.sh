#!/usr/bin/env bash
# The checks see files that git does not know yet: in a tree of their own, each finds the fault of such a file.
# Usage: checks_test.sh SOURCE_FOLDER
set -euo pipefail
source=$1
for tool in git clang-format; do
  command -v "$tool" >/dev/null || { echo "skipped: there is no $tool"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
git init -q .
mkdir -p scripts kernels/tensor models/engines sim/config
cp "$source"/scripts/check-{format,includes,lengths} scripts/
cp "$source/.clang-format" .
printf '#include "kernels/cpu/parallel.h"\n' >kernels/tensor/old.h
printf '#include "models/memory/dram_timing.h"\n' >models/engines/old.h
printf '#include "sim/result/result.h"\n' >sim/config/old.h
git add .
check() { "scripts/check-$1" >out.txt 2>&1; }

for name in format includes lengths; do
  check $name || { cat out.txt; echo "check-$name fails where nothing is wrong"; exit 1; }
done

fails() {
  if check "$1"; then echo "check-$1 does not see a new file"; exit 1; fi
  grep -q "$2" out.txt || { cat out.txt; echo "check-$1 fails for something else"; exit 1; }
  rm kernels/tensor/new.h
}
printf 'int  one();\n' >kernels/tensor/new.h
fails format 'new.h:1'
printf '#include "sim/listener.h"\n' >kernels/tensor/new.h
fails includes 'new.h:1'
printf '#include "kernels/norms/norm.h"\n' >kernels/tensor/new.h
fails includes 'new.h must not include'
seq 451 | sed 's|^|// |' >kernels/tensor/new.h
fails lengths 'new.h: 451 lines'
