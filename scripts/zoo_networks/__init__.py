"""The networks of scripts/zoo by name: topology, source, and what their files declare."""
from functools import partial
from typing import Callable, NamedTuple, Optional

from . import attention, dense, mobile, residual, yolo
from .builder import Builder


class Entry(NamedTuple):
    make: Callable  # (Builder) -> names of the outputs
    source: str
    size: int = 224  # height and width of the image, or tokens
    opset: int = 13
    reference: Optional[str] = None  # file name in the reference data, without .onnx
    shape: Callable = lambda size: [1, 3, size, size]


NETWORKS = {
    "resnet18": Entry(residual.resnet18, "He et al., CVPR 2016", reference="ResNet18"),
    "resnet50_ibn_a": Entry(residual.resnet50_ibn_a, "Pan et al., ECCV 2018: IBN behind the first convolution, stages 1 to 3"),
    "googlenet": Entry(residual.googlenet, "Szegedy et al., CVPR 2015, as torchvision has it: BatchNorm, 3x3 for 5x5",
                       reference="GoogLeNet"),
    "repvgg_a0": Entry(partial(residual.repvgg, blocks=[2, 4, 14, 1], widths=[0.75, 0.75, 0.75, 2.5]),
                       "Ding et al., CVPR 2021, deploy form", reference="RepVGG_A0"),
    "repvgg_a2": Entry(partial(residual.repvgg, blocks=[2, 4, 14, 1], widths=[1.5, 1.5, 1.5, 2.75]),
                       "Ding et al., CVPR 2021, deploy form", reference="RepVGG_A2"),
    "repvgg_b1g2": Entry(partial(residual.repvgg, blocks=[4, 6, 16, 1], widths=[2, 2, 2, 4], groups=2),
                         "Ding et al., CVPR 2021, deploy form", reference="RepVGG_B1g2"),
    "mobilenet_v2": Entry(mobile.mobilenet_v2, "Sandler et al., CVPR 2018", reference="Mobilenetv2"),
    "mobilenet_v4_conv_small": Entry(mobile.mobilenet_v4_conv_small, "Qin et al., ECCV 2024", reference="Mobilenetv4_conv_small"),
    "efficientnet_b2": Entry(mobile.efficientnet_b2, "Tan and Le, ICML 2019", reference="Efficientnet_B2"),
    "mobileone_s0": Entry(partial(mobile.mobileone, widths=[0.75, 1, 1, 2]), "Vasu et al., CVPR 2023, deploy form",
                          reference="MobileOne_S0"),
    "mobileone_s2": Entry(partial(mobile.mobileone, widths=[1.5, 2, 2.5, 4]), "Vasu et al., CVPR 2023, deploy form",
                          reference="MobileOne_S2"),
    "mobileone_s4": Entry(partial(mobile.mobileone, widths=[3, 3.5, 3.5, 4], excited=[0, 0, 5, 1]),
                          "Vasu et al., CVPR 2023, deploy form", reference="MobileOne_S4"),
    "fasternet_t0": Entry(partial(mobile.fasternet, width=40, depths=[1, 2, 8, 2], activation="gelu"), "Chen et al., CVPR 2023",
                          reference="FasterNet_T0"),
    "fasternet_s": Entry(partial(mobile.fasternet, width=128, depths=[1, 2, 13, 2], activation="relu"), "Chen et al., CVPR 2023",
                         reference="FasterNet_S"),
    "convnext_atto": Entry(partial(attention.convnext, width=40, depths=[2, 2, 6, 2]), "Liu et al., CVPR 2022; width and depth of timm's atto",
                           reference="ConvNeXt_atto"),
    "convnext_nano": Entry(partial(attention.convnext, width=80, depths=[2, 2, 8, 2]), "Liu et al., CVPR 2022; width and depth of timm's nano",
                           reference="ConvNeXt_nano"),
    "efficientvit_m5": Entry(attention.efficientvit_m5, "Liu et al., CVPR 2023 (MSRA)", reference="EfficientViT_MSRA_m5"),
    "fastvit_t12": Entry(attention.fastvit_t12, "Vasu et al., ICCV 2023, deploy form", reference="FastViT_T12"),
    "vit_tiny": Entry(attention.vit_tiny, "Dosovitskiy et al., ICLR 2021; width of Touvron et al., ICML 2021", opset=17),
    "yolov5su": Entry(yolo.yolov5su, "Ultralytics", 640, reference="YOLOv5su"),
    "yolov8n": Entry(partial(yolo.yolov8, widths=[16, 32, 64, 128, 256], depths=[1, 2, 2, 1]), "Ultralytics", 640, reference="YOLOv8n"),
    "yolov8m": Entry(partial(yolo.yolov8, widths=[48, 96, 192, 384, 576], depths=[2, 4, 4, 2]), "Ultralytics", 640,
                     reference="YOLOv8m"),
    "yolo11n": Entry(yolo.yolo11n, "Ultralytics", 640, reference="YOLO11n"),
    "style_transfer": Entry(dense.style_transfer, "Johnson et al., ECCV 2016, with InstanceNorm (Ulyanov et al., 2016)", 256),
    "unet_group_norm": Entry(dense.unet_group_norm, "Ronneberger et al., MICCAI 2015, half the width, with GroupNorm", 128, opset=21),
    "llama_block": Entry(attention.llama_block, "Touvron et al., 2023: one block, width 768, 12 heads", 128, opset=17,
                         shape=lambda size: [1, size, 768]),
}


def built(name, size=None, drawn=True):
    """The network as an ONNX model; without weights where `drawn` is false. ValueError where the size does not fit."""
    entry = NETWORKS[name]
    builder = Builder(name, entry.shape(size or entry.size), entry.opset, drawn)
    try:
        return builder.model(entry.make(builder))
    except ValueError as error:
        raise ValueError(f"{name} at size {size or entry.size}: {error}") from error
