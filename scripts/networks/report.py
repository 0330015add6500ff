"""Tables on stdout, JSON in files, and what a script says when it cannot do its work here."""
import json
import sys

SKIPPED = 77  # what ctest counts as skipped


class Unavailable(Exception):
    """Something outside of the project, that this machine cannot reach or lacks."""


def print_table(columns, rows):
    """Prints rows (lists as long as columns) as a Markdown table, aligned."""
    cells = [[str(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    for number, row in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |", flush=True)
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def write_json(path, data):
    """Writes data where a path was given; `-` is stdout."""
    if path == "-":
        json.dump(data, sys.stdout, indent=1)
    elif path:
        with open(path, "w") as file:
            json.dump(data, file, indent=1)


def run_main(main):
    """Exits with main's code, and with SKIPPED where something is unavailable, loudly."""
    try:
        sys.exit(main())
    except Unavailable as reason:
        print(f"*** SKIPPED, nothing was checked: {reason}", file=sys.stderr)
        sys.exit(SKIPPED)
