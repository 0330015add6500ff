"""Inputs of the OCR networks: lines and pages of rendered text, and a photographed page where Debian's photos are there."""
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from networks import photos
from networks.report import Unavailable

FONTS = "/usr/share/fonts/truetype/dejavu"
FACES = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Bold")
LINES = ("Accumulators of 32 bits", "Invoice 2024-0815", "48 x 320 pixels", "The quick brown fox", "Total: 1,249.50 EUR", "Platform 7, 14:32",
         "normalization layer", "READ ME FIRST", "Serial no. X5-3310", "open from 9 to 18", "Gate B42, boarding", "mean and variance",
         "Chapter 3: Memory", "Danger: high voltage", "rows and columns", "www.example.org")
# Lines of the photographed page: left, top, right, bottom.
PAGE_LINES = ((2, 6, 300, 38), (2, 46, 156, 68), (2, 64, 104, 86), (2, 82, 124, 102), (2, 118, 176, 138), (180, 46, 320, 68))


def rendered_line(number, height=40):
    """Text number `number`, in one of the fonts, dark on light or light on dark, as an RGB image."""
    path = os.path.join(FONTS, FACES[number % len(FACES)] + ".ttf")
    if not os.path.exists(path):
        raise Unavailable(f"{path} is missing, so no text can be drawn; scripts/setup installs fonts-dejavu-core")
    font = ImageFont.truetype(path, round(height * 0.7))
    text = LINES[number % len(LINES)]
    dark, light = (20 + 5 * (number % 7), 30, 60), (245 - 5 * (number % 5), 240, 225)
    ink, paper = (light, dark) if number % 6 == 5 else (dark, light)
    image = Image.new("RGB", (round(font.getlength(text)) + height // 2, height), paper)
    ImageDraw.Draw(image).text((height // 4, height // 2), text, fill=ink, font=font, anchor="lm")
    return image


def lines():
    """(image, text) one after the other; what is photographed has no text and is left out where there are no photographs."""
    found = [(rendered_line(i), LINES[i]) for i in range(len(LINES))]
    try:
        page = photos.photo("page.png")
        found[1:1] = [(page.crop(box), None) for box in PAGE_LINES]
    except Unavailable:
        pass
    return found


def page(number, size):
    """A page with a few of the lines, below each other, as an RGB image of size×size."""
    image = Image.new("RGB", (size, size), (235, 232, 225))
    for row in range(5):
        line = rendered_line(5 * number + row, height=22 + 4 * ((number + row) % 4))
        image.paste(line, (8 + 13 * ((number + row) % 5), 14 + row * size // 5))
    return image


def pages(size, count):
    """count pages; the second is the photographed one, where there is one."""
    found = [page(i, size) for i in range(count)]
    try:
        photograph = photos.photo("page.png")
        found.insert(1, photograph.resize((size, size * photograph.height // photograph.width)))
    except Unavailable:
        pass
    return found[:count]


def line_input(image, height, width):
    """PP-OCR's: BGR, height fixed, in proportion, values in -1..1, zeros to the right of it."""
    scaled = min(width, round(image.width * height / image.height))
    values = np.asarray(image.resize((scaled, height), Image.BILINEAR), np.float32)[:, :, ::-1]
    result = np.zeros((1, 3, height, width), np.float32)
    result[0, :, :, :scaled] = (values / 255 - 0.5).transpose(2, 0, 1) / 0.5
    return result


def page_input(image, height, width):
    """PP-OCR's detection: BGR, ImageNet's mean and deviation in this order; what the page does not fill is black."""
    full = Image.new("RGB", (width, height))
    full.paste(image, (0, 0))
    values = np.asarray(full, np.float32)[:, :, ::-1] / 255
    return ((values - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).transpose(2, 0, 1)[None].astype(np.float32)


def classifier(count, shape):
    """Lines upright and upside down by turns."""
    images = [image for image, _ in lines()]
    turned = [image.rotate(180) if i % 2 else image for i, image in enumerate(images)]
    return [line_input(image, *shape[2:]) for image in turned[:count]]


def recognition(count, shape):
    return [line_input(image, *shape[2:]) for image, _ in lines()[:count]]


def detection(count, shape):
    return [page_input(image, *shape[2:]) for image in pages(shape[3], count)]
