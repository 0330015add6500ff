#!/usr/bin/env bash
# The installed package as another project meets it: the example, found by CMake and by pkg-config.
# Usage: install_test.sh BUILD_FOLDER
set -euo pipefail
build=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset BPUSIM_CONFIGS
cmake --install "$build" --prefix "$work/built" >/dev/null
mv "$work/built" "$work/moved"  # nothing may depend on where it was installed first
export XDG_DATA_DIRS=$work/moved/share
libraries=$(dirname "$(find "$work/moved" -name libbpusim.a)")

cmake -S "$source/docs/examples/sweep" -B "$work/by_cmake" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$work/by_cmake" >/dev/null
"$work/by_cmake/sweep" | tee "$work/cmake.txt"

export PKG_CONFIG_PATH=$libraries/pkgconfig
# shellcheck disable=SC2046
c++ "$source/docs/examples/sweep/sweep.cpp" $(pkg-config --cflags bpusim) $(pkg-config --libs bpusim) -o "$work/sweep"
"$work/sweep" >"$work/pkg_config.txt"

cmp "$work/cmake.txt" "$work/pkg_config.txt"
[ "$(grep -c 'lanes: .* ms, bound by' "$work/cmake.txt")" -eq 6 ]
# Four lanes are slower than 128.
awk 'NR == 1 { first = $3 } { last = $3 } END { exit !(first > last) }' "$work/cmake.txt"
"$work/moved/bin/bpusim" list machines | grep -q rdk-x5
