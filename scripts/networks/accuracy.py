"""Reads a report's accuracies along the graph that it came from."""


def named_nodes(graph):
    """(bpusim's name, node) of graph's (onnx.GraphProto) nodes: one without a name is called after its operator and place."""
    found, taken = [], set()
    for node in graph.node:
        if node.op_type == "Constant":
            continue
        name = node.name or f"{node.op_type}_{len(found)}"
        name = f"{name}_{len(found)}" if name in taken else name
        taken.add(name)
        found.append((name, node))
    return found


def measured_rows(report):
    return {row["name"]: row for row in report["nodes"] if "accuracy" in row}


def carried(report, graph):
    """(row or None, cosine of what the node reads, cosine of its output, node) of each node, in order.

    What is folded into a node has no row of its own; it passes on the cosine of what it reads. A node reads the least cosine
    among its inputs; those of the graph, and weights, have 1.
    """
    rows, cosine, found = measured_rows(report), {}, []
    for name, node in named_nodes(graph):
        before = min((cosine[value] for value in node.input if value in cosine), default=1.0)
        row = rows.get(name)
        after = row["accuracy"]["cosine"] if row else before
        found.append((row, before, after, node))
        cosine.update((value, after) for value in node.output)
    return found


def output_cosine(report, graph):
    """The least cosine among the graph's outputs; None where nothing was measured.

    An output of one number is left out, its cosine being no more than its sign, unless all are.
    """
    if not measured_rows(report):
        return None
    several = {output.name for output in graph.output if any(axis.dim_value != 1 for axis in output.type.tensor_type.shape.dim)}
    outputs = several or {output.name for output in graph.output}
    return min(after for _, _, after, node in carried(report, graph) if outputs & set(node.output))


def largest_losses(report, graph, count):
    """The nodes that lose most against what they read: {name, op, on, before, after}, cosines, the worst first."""
    losses = [{"name": row["name"], "op": row["op"], "on": row["on"], "before": before, "after": after}
              for row, before, after, _ in carried(report, graph) if row]
    return sorted(losses, key=lambda loss: loss["after"] - loss["before"])[:count]
