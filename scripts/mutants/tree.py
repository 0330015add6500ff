"""The copy of the tree that holds the changes, and its one build."""
import glob
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from . import sites as source_sites

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, "build", "mutants")
TREE, BUILD = os.path.join(WORK, "tree"), os.path.join(WORK, "build")
CHECKED = os.path.join(WORK, "checked")  # contents of files that compile
JOBS = int(os.environ.get("JOBS", "2"))
PLAIN = {**os.environ, "LC_ALL": "C"}
HEADER = os.path.join(TREE, "scripts", "mutants", "switches.h")


def write(numbered):
    """The files of the work tree with the switches of (number, site)s. What is the same stays untouched, so that
    nothing is built for it."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True,
                            text=True, check=True)
    names = {n for n in listed.stdout.split("\n") if n and os.path.isfile(os.path.join(ROOT, n))}
    changed = {site.file: [] for _, site in numbered}
    for number, site in numbered:
        changed[site.file].append((number, site))
    for name in names:
        source, copy = os.path.join(ROOT, name), os.path.join(TREE, name)
        content = open(source, "rb").read()
        if name in changed:
            content = source_sites.switched(content.decode(), changed[name], HEADER).encode()
        if not os.path.exists(copy) or open(copy, "rb").read() != content:
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            open(copy, "wb").write(content)
            shutil.copymode(source, copy)
    for folder, _, files in os.walk(TREE):
        for path in (os.path.join(folder, file) for file in files):
            if os.path.relpath(path, TREE) not in names:
                os.remove(path)


def at_fault(output, numbered):
    """The numbers of the changes that the compiler complains of."""
    told = [line for line in output.split("\n") if not re.match(r"\s*\d*\s*\|", line)]
    places = [(m, ": note: " in line) for line in told for m in [re.match(r"(.*?):(\d+)[:,]", line)] if m]
    found = {int(n) for line in told for n in re.findall(r"mutants::(?:\w+<|is\()(\d+)", line)}

    def files(of):
        return {os.path.relpath(os.path.join(BUILD, m.group(1)), TREE) for m, _ in of}

    def at_lines(of):
        lines = {(os.path.relpath(os.path.join(BUILD, m.group(1)), TREE), int(m.group(2))) for m, _ in of}
        return {n for n, s in numbered if any((s.file, at) in lines for at in range(s.line, s.last_line + 1))}

    found &= {n for n, _ in numbered}
    return (found | at_lines(p for p in places if not p[1]) or at_lines(places) or
            {n for n, s in numbered if s.file in files(places)})


def programs():
    """All that tests run; neither fuzz targets nor benchmarks."""
    found = ["bpusim", "bpusim_library"]
    for lists in sorted(glob.glob(os.path.join(TREE, "tests", "*", "CMakeLists.txt"))):
        if os.path.basename(os.path.dirname(lists)) != "fuzz":
            found += re.findall(r"add_executable\((\w+)", open(lists).read())
    return found


def configure():
    done = subprocess.run(["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                           "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -w", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",
                           "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], capture_output=True, text=True)
    if done.returncode:
        give_up(done.stdout + done.stderr)


def give_up(output):
    open(os.path.join(WORK, "build.log"), "w").write(output)
    print(f"error: the tree does not build, see {WORK}/build.log", file=sys.stderr)
    sys.exit(2)


def check_commands():
    """(command, folder) that compiles a file of the tree without making anything; headers by themselves, with the
    options of a source beside or below them."""
    commands = {}
    for unit in json.load(open(os.path.join(BUILD, "compile_commands.json"))):
        words = shlex.split(unit["command"])
        words = words[os.path.basename(words[0]) == "ccache":]
        output = words.index("-o")
        options = words[:output] + words[output + 2:]
        commands[os.path.relpath(unit["file"], TREE)] = (options[: options.index("-c")], unit["directory"])

    def command(file):
        folder = file
        while file not in commands and folder:
            folder = os.path.dirname(folder)
            beside = [f for f in sorted(commands) if f.startswith(folder + "/")]
            if beside:
                commands[file] = commands[beside[0]]
        options, directory = commands[file]
        return [*options, "-fsyntax-only", "-x", "c++", os.path.join(TREE, file)], directory
    return command


def content_key(file):
    return hashlib.sha1(open(os.path.join(TREE, file), "rb").read()).hexdigest()


def check(numbered):
    """Changes that do not compile, from their files alone: quicker than a build. One in a template or in a constant
    may still fail where it is used."""
    write(numbered)
    configure()
    command = check_commands()
    bad, files, passed = set(), {s.file for _, s in numbered if not s.file.endswith("-inl.h")}, set()
    if os.path.exists(CHECKED):
        passed = set(open(CHECKED).read().split())
    files = {f for f in files if content_key(f) not in passed}

    def errors(file):
        words, directory = command(file)
        return file, subprocess.run(words, cwd=directory, capture_output=True, text=True, env=PLAIN)
    while files:
        with ThreadPoolExecutor(JOBS) as pool:
            done = list(pool.map(errors, sorted(files)))
        files, before = set(), set(bad)
        for file, result in done:
            if result.returncode == 0:
                passed.add(content_key(file))
                continue
            fault = at_fault(result.stderr, [(n, s) for n, s in numbered if n not in before])
            if not fault:
                give_up(result.stderr)
            bad |= fault
            files.add(file)
        write([(n, s) for n, s in numbered if n not in bad])
    open(CHECKED, "w").write("\n".join(sorted(passed)))
    return bad


def build(numbered):
    """Builds the tree. Returns the numbers of the changes that do not compile, and whether it is built without them."""
    bad = check(numbered)
    numbered = [(n, s) for n, s in numbered if n not in bad]
    done = subprocess.run(["cmake", "--build", BUILD, "--target", *programs(), "--", "-k", "0", "-j", str(JOBS)],
                          capture_output=True, text=True, env=PLAIN)
    if done.returncode == 0:
        return bad, True
    return bad | (at_fault(done.stdout + done.stderr, numbered) or give_up(done.stdout + done.stderr)), False
