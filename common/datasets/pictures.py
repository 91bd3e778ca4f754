"""Pictures as small arrays of bytes. Every error names the file and says what to do."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from common.datasets import reading
from common.datasets.lines import Text
from common.datasets.paths import by_number, check_is_file, with_suffix
from common.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
# How a camera was held, by its EXIF tag, and the number of the `Image.Transpose` that turns its picture upright.
# Pillow's `ImageOps.exif_transpose` does the same, but writes the whole EXIF anew, which fails on damaged ones.
ORIENTATION = 0x0112
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
LARGEST = 50_000_000  # pixels; a small file may unpack to many more
DARK = 64  # pictures without a pixel as bright as this have fewer than 256 levels


def read(path: Path, size: tuple[int, int] | None = None, colour: bool = False) -> np.ndarray:
    """A picture file as an array, upright; transparent parts become white.

    Args:
        path: of a PNG, JPEG or BMP file.
        size: `(height, width)` to shrink or enlarge it to, whatever its proportions; None keeps its own.
        colour: whether to keep red, green and blue; otherwise their brightness.

    Returns:
        uint8 array `(height, width)`, or `(height, width, 3)` in colour.

    Raises:
        UserError: if the file is missing, is not a complete picture of a supported format, or shows nothing on white.
    """
    from PIL import Image

    check_is_file(path, "picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of EXIF that is damaged, and of many pixels, which are refused
            return _read(path, size, colour)
    except Image.DecompressionBombError as error:
        raise UserError(f"{path} has more pixels than are read, at most {LARGEST:,}.") from error
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for damaged files
        raise UserError(f"{path} is not a whole PNG, JPEG or BMP picture: save it again.") from error


def _read(path: Path, size: tuple[int, int] | None, colour: bool) -> np.ndarray:
    from PIL import Image

    with Image.open(path, formats=("PNG", "JPEG", "BMP")) as image:
        if image.width * image.height > LARGEST:
            raise UserError(f"{path} has {image.width} x {image.height} pixels, at most {LARGEST:,} are read.")
        if (turn := TURNS.get(image.getexif().get(ORIENTATION))) is not None:
            image = image.transpose(turn)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            least, most = image.getchannel("A").getextrema()
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
            if least < most and all(low == high for low, high in image.getextrema()):
                raise UserError(f"{path} is white on a transparent ground, which becomes white: make the ground dark.")
        if image.mode.startswith("I"):  # 16 bits per pixel; Pillow would clip values above 255
            image = Image.fromarray((np.array(image) >> 8).clip(0, 255).astype(np.uint8))
        image = image.convert("RGB" if colour else "L")
        if size and size != (image.height, image.width):
            image = image.resize(size[::-1], Image.Resampling.BOX)
        return np.array(image)


def files_in(folder: Path) -> list[Path]:
    """The pictures in a folder, sorted `by_number`."""
    return sorted(with_suffix(folder.iterdir(), SUFFIXES), key=by_number)


def warn_if_dark(path: Path | Text, brightest: Iterable[int]) -> None:
    """Warn of pictures none of which is bright: their values are probably on another scale.

    Args:
        path: of the pictures, for the message.
        brightest: the largest value of each picture, 0 to 255.
    """
    most = max(brightest, default=DARK)
    if most < DARK:
        reading.warn(
            f"{path}: the brightest pixel is {most}. 255 is white, and 65,535 in a file of 16 bits: "
            "scale the pixels if this is their white."
        )
