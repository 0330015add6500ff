#!/usr/bin/env python3
"""What scripts/check-mutants puts behind switches: with none on the program is as it was, with one on it is as the
changed text says."""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from mutants.sites import sites, switched  # noqa: E402

SOURCE = """#include <algorithm>
#include <cstdio>
#include <string>
/* a + b */
constexpr int kSeven = 7;
struct Given {
  int value = 3;
};
constexpr int thrice(int x) {
  return x * 3;
}
bool both(const int* p) {
  return p != nullptr && *p > 1;  // p > 2
}
int pick(int a, int b) {
  int sum = 0;
  if (a < b || (b == 4 &&
                a >= 2))
    sum += b;
  else
    sum = 9;
  sum = std::min(sum, 50);
  return sum - 1;
}
int main() {
  const int two = 2;
  std::printf("%d %d %d ", kSeven, Given().value, thrice(5));
  std::printf("%d%d ", both(nullptr), both(&two));
  std::printf("%d %d", pick(1, 5), pick(6, 4));
}
"""

# What the program prints with a change, by the line and how it reads then.
EXPECTED = {
    "constexpr int kSeven = 8;": "8 3 15 01 4 3",
    "int value = 4;": "7 4 15 01 4 3",
    "return x + 3;": "7 3 8 01 4 3",
    "return x * 4;": "7 3 20 01 4 3",
    "return p == nullptr && *p > 1;": None,  # reads what is not there
    "return p != nullptr || *p > 1;": None,
    "return p != nullptr && *p >= 1;": "7 3 15 01 4 3",
    "return p != nullptr && *p > 2;": "7 3 15 00 4 3",
    "int sum = 1;": "7 3 15 01 5 4",
    "if (a <= b || (b == 4 &&": "7 3 15 01 4 3",
    "if (a < b && (b == 4 &&": "7 3 15 01 8 8",
    "if (a < b || (b != 4 &&": "7 3 15 01 4 8",
    "if (a < b || (b == 5 &&": "7 3 15 01 4 8",
    "if (a < b || (b == 4 ||": "7 3 15 01 4 3",
    "if (!(a < b || (b == 4 &&": "7 3 15 01 8 8",
    "a > 2))": "7 3 15 01 4 3",
    "a >= 3))": "7 3 15 01 4 3",
    "sum -= b;": "7 3 15 01 -6 -5",
    "sum = 10;": "7 3 15 01 4 3",
    ";": None,  # several
    "sum = std::max(sum, 50);": "7 3 15 01 49 49",
    "sum = std::min(sum, 51);": "7 3 15 01 4 3",
    "return sum + 1;": "7 3 15 01 6 5",
    "return sum - 2;": "7 3 15 01 3 2",
    "const int two = 3;": "7 3 15 01 4 3",
}
DROPPED = {"sum += b;": "7 3 15 01 -1 -1", "sum = 9;": "7 3 15 01 4 3", "sum = std::min(sum, 50);": "7 3 15 01 4 3"}


def main():
    found = sites("a.cpp", SOURCE)
    numbered = [(n, s) for n, s in enumerate(found, 1) if '"' not in s.before]
    assert len(numbered) == len(found), "texts stay"
    assert len({s.key for s in found}) == len(found), "keys differ"
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "a.cpp"), os.path.join(folder, "a")
        open(source, "w").write(switched(SOURCE, numbered, os.path.join(ROOT, "scripts", "mutants", "switches.h")))
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-w", "-o", program, source], check=True)

        def printed(number):
            return subprocess.run([program], capture_output=True, text=True,
                                  env={**os.environ, "BPUSIM_MUTANT": str(number),
                                                                     "BPUSIM_MUTANTS_REACHED": ""}).stdout
        assert printed(0) == "7 3 15 01 4 3", printed(0)
        reached = os.path.join(folder, "reached")
        open(reached, "wb").write(bytes(len(numbered) + 1))
        subprocess.run([program], stdout=subprocess.DEVNULL, env={**os.environ, "BPUSIM_MUTANTS_REACHED": reached})
        hit = open(reached, "rb").read()
        for number, site in numbered:
            after = site.after.strip()
            assert after in EXPECTED, after
            expected = EXPECTED[after] if after != ";" else DROPPED.get(site.before.strip())
            if expected is not None:
                assert printed(number) == expected, (after, printed(number), expected)
            assert hit[number] == (0 if site.before.strip() in ("sum = 9;",) else 1), after
        missing = set(EXPECTED) - {s.after.strip() for s in found}
        assert not missing, missing


if __name__ == "__main__":
    main()
