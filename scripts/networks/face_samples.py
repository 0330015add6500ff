"""Inputs of the face networks, cropped and normalised as their package does it.

The first is of the portrait that Debian ships: the package's detector, run by onnxruntime, finds the face, its landmark
network the eyes and the nose. Then come by turns small grey faces, enlarged, and the portrait's face again: moved, scaled,
mirrored, brighter or darker.
"""
import dataclasses
import functools
import tempfile

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from networks import onnxruntime, photos, trained

SCENES = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png", "camera.png")
# Where the feature network expects the eyes and the nose, in its 112×112 pixels (fr_feature.js).
FEATURE_POINTS = ((38.29459953, 51.69630051), (73.53179932, 51.50139999), (56.02519989, 71.73660278))


def unit(values):
    return values / 255


def imagenet(values):
    return (values / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)


def centred(values):
    return (values - 127) / 128


def bytes_as_they_are(values):
    return values


def to_input(image, shape, normalise):
    """An RGB image as the network's NCHW input; grey where it has one channel."""
    image = image.resize((shape[3], shape[2]), Image.BILINEAR)
    if shape[1] == 1:
        values = np.asarray(image.convert("L"), np.float32)[:, :, None]
    else:
        values = np.asarray(image, np.float32)
    return np.ascontiguousarray(normalise(values).transpose(2, 0, 1)[None], np.float32)


def infer(name, values):
    network = trained.pick([name])[0]
    with tempfile.TemporaryDirectory() as work:
        names = {"fr_detect": ("scores", "boxes"), "fr_landmark": ("output",)}[name]
        results, _ = onnxruntime.run(network.path, {network.input: values}, work, outputs=names, optimised=True)
    return [results[output] for output in names]


@dataclasses.dataclass(frozen=True)
class Face:
    """A picture, the box of the face in it (left, top, right, bottom) and its 68 landmarks, all in pixels."""

    image: Image.Image
    box: tuple
    points: np.ndarray

    def crop(self, scale):
        """The box scaled about its centre; what lies outside of the picture is black."""
        left, top, right, bottom = self.box
        x, y, w, h = (left + right) / 2, (top + bottom) / 2, (right - left) * scale, (bottom - top) * scale
        return self.image.crop(tuple(round(v) for v in (x - w / 2, y - h / 2, x + w / 2, y + h / 2)))

    def eye(self, first):
        """The square about the eye whose landmarks begin at `first` (36 or 42)."""
        points = self.points[first:first + 6]
        x, y = points[[1, 2, 4, 5]].mean(0)
        half = 0.7 * abs(points[3, 0] - points[0, 0])
        return self.image.crop(tuple(round(v) for v in (x - half, y - half, x + half, y + half)))

    def aligned(self):
        """112×112 pixels with the eyes and the nose where the feature network expects them."""
        points = [self.points[[37, 38, 40, 41]].mean(0), self.points[[43, 44, 46, 47]].mean(0), self.points[30]]
        there = np.array([(x, y, 1) for x, y in FEATURE_POINTS])
        back = np.linalg.solve(there, np.array(points)).T  # from the crop's pixels to the picture's
        return self.image.transform((112, 112), Image.AFFINE, tuple(back.reshape(-1)), Image.BILINEAR)


def find_face(image):
    """The face that the package's detector is surest of."""
    scores, boxes = infer("fr_detect", to_input(image, (1, 3, 240, 320), centred))
    best = scores.reshape(-1, 2)[:, 1].argmax()
    left, top, right, bottom = boxes.reshape(-1, 4)[best] * np.array([image.width, image.height] * 2)
    x, y, half = (left + right) / 2, (top + bottom) / 2, (bottom - top) / 2
    return with_landmarks(image, (x - half, y - half, x + half, y + half))


def with_landmarks(image, box):
    found = Face(image, box, np.empty((0, 2)))
    points = infer("fr_landmark", to_input(found.crop(1), (1, 1, 64, 64), lambda v: v / 256))[0].reshape(68, 2)
    return Face(image, box, points * (box[2] - box[0], box[3] - box[1]) + box[:2])


@functools.lru_cache
def faces(count):
    """count faces as the module says; the same each time."""
    random = np.random.default_rng(1)
    portrait = find_face(photos.photo("astronaut.png"))
    small = photos.small_faces()
    found = [portrait]
    while len(found) < count:
        if len(found) % 2:
            image = small[len(found) // 2].resize((200, 200), Image.BICUBIC)
            framed = ImageOps.expand(image, 100, tuple(np.asarray(image).mean((0, 1)).astype(int)))
            found.append(with_landmarks(framed, (100, 100, 300, 300)))
        else:
            found.append(varied(portrait, random))
    return found[:count]


def varied(face, random):
    image = ImageEnhance.Brightness(face.image).enhance(random.uniform(0.6, 1.4))
    image = ImageEnhance.Contrast(image).enhance(random.uniform(0.7, 1.2))
    size = face.box[2] - face.box[0]
    box = np.array(face.box) + size * np.repeat([random.uniform(-0.08, 0.08, 2)], 2, 0).reshape(-1)
    box = box + size * random.uniform(-0.08, 0.08) * np.array([-1, -1, 1, 1])
    if random.uniform() < 0.5:
        image = ImageOps.mirror(image)
        box = np.array([image.width - box[2], box[1], image.width - box[0], box[3]])
    return with_landmarks(image, tuple(box))


def scenes(count, shape):
    """Whole pictures for the detector, then parts of them."""
    random = np.random.default_rng(1)
    found = [photos.photo(name) for name in SCENES[:count]]
    while len(found) < count:
        picture = found[len(found) % len(SCENES)]
        w, h = picture.width * random.uniform(0.5, 0.9), picture.height * random.uniform(0.5, 0.9)
        x, y = random.uniform(0, picture.width - w), random.uniform(0, picture.height - h)
        found.append(picture.crop(tuple(round(v) for v in (x, y, x + w, y + h))))
    return [to_input(picture, shape, centred) for picture in found]


def samples(name, count, shape):
    """count inputs of the face network of this name."""
    if name == "fr_detect":
        return scenes(count, shape)
    cut, normalise = {
        "fr_age": (lambda face: face.crop(1.4), imagenet),
        "fr_gender": (lambda face: face.crop(1.4), imagenet),
        "fr_eye": (lambda face: face.eye(36), unit),
        "fr_landmark": (lambda face: face.crop(1.0), lambda v: v / 256),
        "fr_expression": (lambda face: face.crop(1.2), unit),
        "fr_pose": (lambda face: face.crop(1.5), imagenet),
        "fr_feature": (lambda face: face.aligned(), centred),
        "fr_liveness": (lambda face: face.crop(2.7), bytes_as_they_are),
    }[name]
    return [to_input(cut(face), shape, normalise) for face in faces(count)]
