"""The networks that a command line names: trained ones, the zoo's, and files."""
import os
import subprocess

from networks import samples, simulator, trained
from networks.report import Unavailable


def zoo(names):
    """{name: path} of the zoo's networks of these names, or all, written to build/zoo."""
    command = [os.path.join(simulator.ROOT, "scripts/zoo"), "--out", os.path.join(simulator.ROOT, "build/zoo"), *names]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {os.path.basename(word)[:-5]: word for word in printed.split() if word.endswith(".onnx")}


def split(names):
    """(trained networks, {name: path} of the zoo's and of files); all trained and all of the zoo where there are no names."""
    if not names:
        return trained.pick([]), zoo([])
    known = {network.name for network in trained.NETWORKS}
    files = {os.path.basename(name): name for name in names if name.endswith(".onnx")}
    theirs = [name for name in names if name in known]
    ours = [name for name in names if name not in known and not name.endswith(".onnx")]
    return trained.pick(theirs) if theirs else [], {**(zoo(ours) if ours else {}), **files}


def real_inputs(network, count=1):
    """count {input: file} of a trained network; [None], after a warning, where there are no photographs to make them from."""
    try:
        return [{network.input: path} for path in samples.files(network, count)]
    except Unavailable as reason:
        print(f"*** {network.name}: {reason}; a drawn input is taken instead")
        return [None]
