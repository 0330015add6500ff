"""The table of networks, as docs/networks.md has it."""
from . import NETWORKS, built
from .count import contents


def table():
    """Lines: a heading, then a row a network with its source, input, convolutions, MACs and parameters."""
    yield "| network | topology | input | convolutions | MMACs | parameters |"
    yield "|---|---|---|---|---|---|"
    for name, entry in NETWORKS.items():
        found = contents(built(name, drawn=False))
        shape = "×".join(map(str, entry.shape(entry.size)))
        yield (f"| `{name}` | {entry.source} | {shape} | {sum(found.convolutions.values())} | {found.macs / 1e6:,.0f} "
               f"| {found.parameters:,} |")
