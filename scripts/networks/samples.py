"""Real inputs for the trained networks, as files."""
import os

import numpy as np

from networks import face_samples, text_samples
from networks.simulator import ROOT

FOLDER = os.path.join(ROOT, "build/samples")
TEXT = {"ocr_classifier": text_samples.classifier, "ocr_recognition": text_samples.recognition, "ocr_detection": text_samples.detection}


def make(network, count):
    """count inputs of a trained network, float32, in its layout; the first is the plainest."""
    if network.name in TEXT:
        return TEXT[network.name](count, network.shape)
    return face_samples.samples(network.name, count, network.shape)


def files(network, count, folder=FOLDER):
    """Writes them to folder/NETWORK/K.npy and returns the paths."""
    os.makedirs(os.path.join(folder, network.name), exist_ok=True)
    paths = []
    for i, values in enumerate(make(network, count)):
        paths.append(os.path.join(folder, network.name, f"{i:02}.npy"))
        np.save(paths[-1], values)
    return paths
