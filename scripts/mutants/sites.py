"""Where a source can be changed, and the text that holds both versions of it behind a switch (switches.h)."""
import hashlib
import re
from dataclasses import dataclass, field

BINARY = {"<": ("Less", "<="), "<=": ("LessOrEqual", "<"), ">": ("More", ">="), ">=": ("MoreOrEqual", ">"),
          "==": ("Equal", "!="), "!=": ("Unequal", "=="), "+": ("Plus", "-"), "-": ("Minus", "+"),
          "*": ("Times", "+"), "/": ("Over", "*"), "+=": ("Add", "-=")}
LOGICAL = {"&&": "||", "||": "&&"}
EXTREMES = {"std::min": ("Min", "std::max"), "std::max": ("Max", "std::min")}
OPERATOR = re.compile(r"(?<= )(<=|>=|==|!=|\+=|&&|\|\||<|>|\+|-|\*|/)(?= |$)")
NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.'])")
IF = re.compile(r"\bif \((?!constexpr)")
EXTREME = re.compile(r"std::(min|max)\b(?!_)")
STATEMENT = re.compile(r"\s+[\w.\->\[\]]+(\(.*\)| [-+*|]?= .*);$")
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'|'
                      r"^[ ]*#(?:\\\n|[^\n])*", re.S | re.M)
CONSTANT = re.compile(r"\bconstexpr\b(?! *\()[^;(){}=]*(?:=|\{)")
OPEN, CLOSE = "([{", ")]}"


@dataclass(frozen=True)
class Edit:
    """Text for what stands from start to end; at one place those of a lower rank come first."""
    start: int
    end: int
    text: str
    rank: tuple = (2,)


@dataclass
class Site:
    """A change: where it is, how the line reads with it, and the edits that put it behind switch number {n}."""
    file: str
    line: int
    before: str
    after: str
    edits: list = field(default_factory=list)
    last_line: int = 0
    key: str = ""


def code_of(text):
    """The text with blanks for comments, strings and directives: what stands where stays."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def closing(code, at):
    """The place of the bracket that closes the one before `at`, or None."""
    depth = 1
    while at < len(code):
        depth += (code[at] in OPEN) - (code[at] in CLOSE)
        if depth == 0:
            return at
        at += 1
    return None


def ends_operand(code, at, op, forward):
    """Whether the operand of a `&&` or `||` ends at this character, which no bracket within it holds."""
    two = code[at:at + 2] if forward else code[at - 1:at + 1]
    if code[at] in ",;?":
        return True
    if code[at] == ":":
        return code[at - 1] != ":" and code[at + 1] != ":"
    if code[at] == "=":
        return code[at + 1] != "=" and code[at - 1] not in "=!<>"
    return two == "||" and (forward or op == "&&") or two == "&&" and forward and op == "&&"


def left_operand(code, at, op):
    depth, first = 0, at
    while first > 0:
        char = code[first - 1]
        if depth == 0 and (char in OPEN or ends_operand(code, first - 1, op, False)):
            break
        depth += (char in CLOSE) - (char in OPEN)
        first -= 1
    words = re.match(r"\s*(?:(?:return|co_return|else|case|do)\b\s*)?", code[first:at])
    return first + words.end()


def right_operand(code, at, op):
    depth = 0
    while at < len(code):
        if depth == 0 and (code[at] in CLOSE or ends_operand(code, at, op, True)):
            break
        depth += (code[at] in OPEN) - (code[at] in CLOSE)
        at += 1
    return at - (len(code[:at]) - len(code[:at].rstrip()))


def around(start, end, before, after, inner=0):
    """Edits that put text around a range: ranges within others open later and close earlier, of equal ones the
    inner one."""
    return [Edit(start, start, before, (1, start - end, inner)), Edit(end, end, after, (0, end - start, -inner))]


def logical(code, start, end, op):
    # a && b and a || b are each the other one of what is negated: both operands stay where they are, and short.
    asked = "(::mutants::is({n}) != static_cast<bool>("
    left, right = left_operand(code, start, op), right_operand(code, end, op)
    return [*around(left, right, "(::mutants::is({n}) != (" + asked, "))))", 1), Edit(start, end, ")) " + op + " " + asked)]


def starts_statement(code, at):
    before = code[:at].rstrip()
    return before[-1:] in (";", "{", "}", ")", ":") or re.search(r"\b(else|do)$", before) is not None


def changes_of_line(code, begin, line):
    """(start, end, the text there with the change, the edits of its switch) of each change of a line of code."""
    for m in OPERATOR.finditer(line):
        start, end, op = begin + m.start(), begin + m.end(), m.group()
        if op in LOGICAL:
            yield start, end, LOGICAL[op], logical(code, start, end, op)
        else:
            name, to = BINARY[op]
            yield start, end, to, [Edit(start, end, op + " ::mutants::" + name + "<{n}>{{}} " + op)]
    for m in EXTREME.finditer(line):
        name, to = EXTREMES[m.group()]
        start, end = begin + m.start(), begin + m.end()
        yield start, end, to, [Edit(start, end, "::mutants::" + name + "<{n}>::of")]
    for m in NUMBER.finditer(line):
        start, end, to = begin + m.start(), begin + m.end(), str(int(m.group()) + 1)
        yield start, end, to, [Edit(start, end, "(::mutants::is({n}) ? " + to + " : " + m.group() + ")")]
    for m in IF.finditer(line):
        start = begin + m.end()
        end = closing(code, start)
        if end is not None and ";" not in code[start:end]:
            yield start, end, "!(" + code[start:end] + ")", around(
                start, end, "::mutants::is({n}) != static_cast<bool>(", ")")
    if STATEMENT.match(line):
        start, end = begin + len(line) - len(line.lstrip()), begin + len(line)
        if starts_statement(code, start):
            yield start, end, ";", around(start, end, "{{ if (!::mutants::is({n})) ", " }}")


def constants(code):
    """(where constexpr stands, where the variable's statement ends): one that a switch is in is const only."""
    for m in CONSTANT.finditer(code):
        end = m.end()
        while end < len(code) and code[end] != ";":
            end = (closing(code, end + 1) or len(code)) if code[end] in OPEN else end + 1
        yield m.start(), end


def sites(file, text):
    """Every change of a file that has a switch, in the order of the text."""
    code, lines, found, times, begin = code_of(text), text.split("\n"), [], {}, 0
    variables = list(constants(code))
    for number, (line, whole) in enumerate(zip(code.split("\n"), lines), 1):
        line = line.rstrip()
        if line.strip() and '"' not in whole and not re.match(r"\s*(static_assert|using|template|throw)\b", line):
            for start, end, to, edits in changes_of_line(code, begin, line):
                after = text[begin:start] + to + text[end:max(end, begin + len(line))]
                site = Site(file, number, whole, after.split("\n")[0], edits)
                site.edits += [Edit(at, at + len("constexpr"), "const") for at, last in variables if at < start <= last]
                site.last_line = 1 + text.count("\n", 0, max(e.end for e in edits))
                # A line may stand twice in a file.
                of = (file, whole.strip(), to, start - begin - len(line) + len(line.lstrip()))
                times[of] = times.get(of, 0) + 1
                site.key = hashlib.sha1(repr((*of, times[of])).encode()).hexdigest()[:12]
                found.append(site)
        begin += len(whole) + 1
    return found


def switched(text, numbered, header):
    """The text with the switches of (number, site)s."""
    edits = {(e.start, e.end, e.rank, e.text.format(n=n)) for n, site in numbered for e in site.edits}
    parts, at = [f'#include "{header}"\n#line 1\n'], 0
    for start, end, _, put in sorted(edits, key=lambda e: (e[0], e[2])):
        parts += [text[at:start], put]
        at = end
    return "".join(parts) + text[at:]
