"""Pictures that may be shown: people who pass vanish or are pixelated, other things are hidden, privacy areas always.

There is no face or plate detector without weights: what is hidden is hidden by rule, and the rules are coarse.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from data_sources.cameras.analysis.masks import above, polygon
from data_sources.cameras.analysis.objects import Standing
from data_sources.cameras.analysis.parameters import Array
from data_sources.cameras.analysis.stillness import Stillness

QUALITY = 78
BLOCK = 12  # pixels of the working picture, wider than a plate or a face at this size
VEHICLES = frozenset({"vehicle_parked"})
_GROW = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
Polygons = Sequence[Sequence[tuple[float, float]]]


def pixelated(picture: Array, mask: Array) -> Array:
    """The picture with blocks of mean colour where the mask is set."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(1, width // BLOCK), max(1, height // BLOCK)), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.where(mask[:, :, None] > 0, coarse, picture)


def blanked(picture: Array, areas: Polygons) -> Array:
    """The picture with every privacy polygon (0..1) filled with flat grey: nothing of it is kept."""
    size = (picture.shape[1], picture.shape[0])
    for area in areas:
        picture[polygon([(p[0], p[1]) for p in area], size) > 0] = 96
    return picture


def jpeg(picture: Array) -> bytes:
    """The picture as JPEG without any metadata."""
    ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not ok:
        raise ValueError("the picture cannot be encoded")
    return data.tobytes()


def newest(analysis: Stillness, picture: Array, areas: Polygons) -> bytes:
    """The live picture (BGR): everything that is not the long-known place is pixelated, all of it before that is known."""
    if analysis.usual is None:
        hide: Array = np.full(picture.shape[:2], 255, np.uint8)
    else:
        usual = cv2.convertScaleAbs(analysis.usual.values[:, :, 0])
        luminance = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        hide = cv2.dilate(above(cv2.absdiff(luminance, usual), 22.0), _GROW)
        for thing in analysis.things:
            np.maximum(thing.crop(hide), thing.outline(), out=thing.crop(hide))
    return jpeg(blanked(pixelated(picture, hide), areas))


def of_event(analysis: Stillness, thing: Standing, areas: Polygons, vehicle: bool) -> bytes:
    """The short-term picture around a standing thing: passers-by are gone by the median, restless parts pixelated."""
    assert analysis.still is not None and analysis.stable is not None
    hide = cv2.bitwise_not(above(cv2.blur(analysis.stable, (15, 15)), 115.0))
    for other in analysis.things:
        if other is not thing:
            np.maximum(other.crop(hide), other.outline(), out=other.crop(hide))
    own = thing.crop(hide)
    own[thing.mask > 0] = 0
    if vehicle:
        x, y, width, height = thing.box()
        hide[y + round(0.45 * height) : y + height, x : x + width] = 255
    return jpeg(blanked(pixelated(cv2.cvtColor(analysis.still, cv2.COLOR_YCrCb2BGR), hide), areas))


def before_event(analysis: Stillness, thing: Standing, areas: Polygons) -> bytes:
    """The long-term picture as it was before the thing came, other registered things pixelated."""
    assert analysis.usual is not None
    picture = analysis.usual.bytes()
    hide: Array = np.zeros(picture.shape[:2], np.uint8)
    for other in analysis.things:
        if other is not thing and other.registered:
            np.maximum(other.crop(hide), other.outline(), out=other.crop(hide))
    target = thing.crop(picture)
    target[:] = thing.ground[: target.shape[0], : target.shape[1]]
    return jpeg(blanked(pixelated(cv2.cvtColor(picture, cv2.COLOR_YCrCb2BGR), hide), areas))
