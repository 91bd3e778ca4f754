"""`strip`: one picture of all tasks for the README's first screen, made from the pictures of their latest runs."""

from __future__ import annotations

import re
from pathlib import Path

from common import files
from common.commands import console_output
from common.runs import run as runs
from common.task import task_names

COLUMNS = 4
WIDTH, HEIGHT, TITLE, GAP = 460, 300, 34, 18  # pixels: a tile's picture, the title above it, the gap between tiles
PLAIN = ("curves.png", "lengths.png", "confusion.png", "reliability.png")  # many tasks have these; others come first


def run(to: str) -> None:
    """Write the picture; a tile shows the picture of a run's report that is most specific to the task.

    Raises:
        UserError: for a task without a finished run.
    """
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    names = task_names()
    rows = -(-len(names) // COLUMNS)
    size = (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + TITLE + GAP) + GAP)
    strip = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(strip)
    font = ImageFont.truetype(str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf")), 22)
    for number, name in enumerate(names):
        left = GAP + number % COLUMNS * (WIDTH + GAP)
        top = GAP + number // COLUMNS * (HEIGHT + TITLE + GAP)
        draw.text((left, top), name.replace("_", " "), "#222222", font)
        with Image.open(picture_of(name)) as picture:
            strip.paste(_tile(picture.convert("RGB")), (left, top + TITLE))
    with files.written(Path(to)) as part:
        strip.save(part, "png", optimize=True)
    console_output.console().print(f"wrote {console_output.relative(Path(to))}", highlight=False)


def picture_of(name: str) -> Path:
    """The first picture in the report of the task's latest run that is not in `PLAIN`, or else the first in `PLAIN`."""
    folder = runs.find(name).path
    found = re.findall(r"^!\[.*\]\((\w+\.png)\)$", (folder / "report.md").read_text(encoding="utf-8"), re.MULTILINE)
    return folder / min(found, key=lambda file: PLAIN.index(file) if file in PLAIN else -1)


def _tile(picture):
    """The picture, or its upper part, scaled to a tile on white."""
    from PIL import Image

    scale = min(WIDTH / picture.width, max(HEIGHT / picture.height, 0.6 * WIDTH / picture.width))
    scaled = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    tile = Image.new("RGB", (WIDTH, HEIGHT), "white")
    tile.paste(scaled, ((WIDTH - scaled.width) // 2, max((HEIGHT - scaled.height) // 2, 0)))
    return tile
