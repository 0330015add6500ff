"""Photographs that Debian ships: the sample data of python3-skimage (a portrait, a page of a book, small faces, things).

They are read at test time and never committed. The package is unpacked, not installed: its data files are all we need.
"""
import glob
import os
import shutil
import subprocess
import tempfile

import numpy as np
from PIL import Image

from networks.report import Unavailable
from networks.simulator import ROOT

INSTALLED = "/usr/lib/python3/dist-packages/skimage/data"
UNPACKED = os.path.join(ROOT, "build/photos")


def folder():
    """Where the photographs are; unpacks Debian's package where they are not there yet."""
    for path in (INSTALLED, UNPACKED + INSTALLED):
        if os.path.exists(os.path.join(path, "astronaut.png")):
            return path
    os.makedirs(os.path.dirname(UNPACKED), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(UNPACKED)) as work:
        if not (download(work) or (update_lists() and download(work))):
            raise Unavailable("there are no photographs: neither is python3-skimage installed, nor can apt-get download it")
        subprocess.run(["dpkg-deb", "-x", *glob.glob(os.path.join(work, "*.deb")), os.path.join(work, "x")], check=True)
        if not os.path.exists(UNPACKED):  # another script may have been faster
            os.rename(os.path.join(work, "x"), UNPACKED)
    return UNPACKED + INSTALLED


def apt_get(*arguments, folder=None):
    """Whether it went well; it does not where there is no apt-get."""
    return shutil.which("apt-get") is not None and subprocess.run(["apt-get", *arguments], cwd=folder, capture_output=True).returncode == 0


def download(work):
    return apt_get("download", "-q", "python3-skimage", folder=work)


def update_lists():
    """A new machine has no package lists; only root may fetch them."""
    return apt_get("update", "-qq")


def photo(name):
    """A photograph as an RGB image."""
    return Image.open(os.path.join(folder(), name)).convert("RGB")


def small_faces():
    """100 grey faces of 25×25 pixels as images (the first half of the set; the rest are not faces)."""
    values = np.load(os.path.join(folder(), "lfw_subset.npy"))[:100]
    return [Image.fromarray(np.uint8(255 * face)).convert("RGB") for face in values]
