#!/usr/bin/env bash
# The installed package as another project meets it: the example, found by CMake and by pkg-config.
# Usage: install_test.sh BUILD_FOLDER
set -euo pipefail
build=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The package says itself where its configurations are.
unset BPUSIM_CONFIGS
export XDG_DATA_DIRS=$work/nothing
cmake --install "$build" --prefix "$work/built" >/dev/null
mv "$work/built" "$work/moved"  # nothing may depend on where it was installed first
libraries=$(dirname "$(find "$work/moved" -name libbpusim.a)")

cmake -S "$source/docs/examples/sweep" -B "$work/by_cmake" -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$work/by_cmake" >/dev/null
"$work/by_cmake/sweep" | tee "$work/cmake.txt"
[ "$(grep -c 'lanes: .* ms, bound by' "$work/cmake.txt")" -eq 6 ]
# Four lanes are slower than 128.
awk 'NR == 1 { first = $3 } { last = $3 } END { exit !(first > last) }' "$work/cmake.txt"

export PKG_CONFIG_PATH=$libraries/pkgconfig
configs=$(pkg-config --variable=configs bpusim)
by_pkg_config() {
  # shellcheck disable=SC2046
  c++ "$source/docs/examples/sweep/sweep.cpp" "$@" $(pkg-config --cflags --libs bpusim) -o "$work/sweep"
}
by_pkg_config -DCONFIGS="\"$configs\""
"$work/sweep" | cmp - "$work/cmake.txt"

# A program that is told nothing finds those of the prefix that the library was configured for.
by_pkg_config "$source/sim/config/config_paths.cpp" -DBPUSIM_INSTALLED_CONFIGS="\"$configs\""
"$work/sweep" | cmp - "$work/cmake.txt"

# What is wrong is printed, and no reason to abort.
status=0
BPUSIM_CONFIGS=$work/nothing "$work/sweep" >"$work/out.txt" 2>"$work/error.txt" || status=$?
[ $status -eq 2 ] && grep -q "^error: \$BPUSIM_CONFIGS: '$work/nothing' is no folder" "$work/error.txt"

"$work/moved/bin/bpusim" list machines | grep -q rdk-x5
