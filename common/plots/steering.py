"""Plots for steering: angles over time, frames with true and predicted wheel, and drives steered by the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from common import files
from common.metrics.steering import Steering
from common.plots import regression, style

FRAMES = 10  # frames of the test set with wheels
LARGER = 5  # magnification in the film of a drive
MILLISECONDS = 80  # between frames of the film


def figures(scores: Steering, examples: Sequence, predictions: Sequence[dict], folder: Path) -> list[tuple[str, str]]:
    """Write the plots for a regression, `wheels.png` and, for a closed loop, `roads.png` and `drive.gif`.

    An example has `picture()`, its last frame, uint8 `(height, width)`; the first example of a closed loop has a
    `drive.road` with `line`, the middle of the road, `frame(car, number)` and `offset(car)`.
    """
    found = regression.figures(scores, examples, predictions, folder)
    _wheels(scores, examples, folder / "wheels.png")
    found.insert(0, ("wheels.png", "Test frames with the steering angles of the driver and of the network."))
    starts = np.flatnonzero(~np.isnan(scores.kept))
    if len(starts):
        drives = [(examples[i].drive, predictions[i]["drive"]) for i in starts]
        _roads(drives, folder / "roads.png")
        _film(*sorted(drives, key=lambda drive: drive[1]["kept"])[len(drives) // 2], folder / "drive.gif")
        found.insert(0, ("drive.gif", "The network drives: the camera's view, and the predicted angle."))
        found.insert(1, ("roads.png", "Test roads, and the path of the car steered by the network."))
    return found


def _wheels(scores: Steering, examples: Sequence, path: Path) -> None:
    """Evenly spaced frames of the test set."""
    figure = Figure(figsize=(11, 4.8))
    shown = np.linspace(0, len(examples) - 1, FRAMES).astype(int)
    for axes, number in zip(figure.subplots(2, FRAMES // 2).ravel(), shown):
        frame = examples[number].picture()
        height, width = frame.shape
        axes.imshow(frame, cmap="gray", vmin=0, vmax=255)
        for angle, colour in ((scores.truth[number, 0], style.GREEN), (scores.prediction[number, 0], style.ORANGE)):
            tip = np.clip(angle, -1, 1) * np.pi / 3  # a full turn is drawn as 60 degrees
            ends = [width / 2, width / 2 + 0.5 * height * np.sin(tip)], [height, height - 0.5 * height * np.cos(tip)]
            axes.plot(*ends, color=colour, linewidth=3)
        axes.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
        axes.grid(False)
        title = f"driver {scores.truth[number, 0]:+.2f}, network {scores.prediction[number, 0]:+.2f}"
        axes.set_title(title, fontsize=8, fontweight="normal")
    style.save(figure, path)


def _roads(drives: Sequence[tuple], path: Path) -> None:
    columns = min(4, len(drives))
    rows = -(-len(drives) // columns)
    figure = Figure(figsize=(2.6 * columns, 2.4 * rows))
    for axes, (drive, answer) in zip(figure.subplots(rows, columns, squeeze=False).ravel(), drives):
        way = np.array(answer["path"])
        line = drive.road.line
        axes.plot(*line.T, color=style.LIGHT, linewidth=6, solid_capstyle="round")
        colour = style.BLUE if answer["kept"] == 1 else style.RED
        axes.plot(way[:, 0], way[:, 1], color=colour, linewidth=1.5)
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.set_title(f"{drive.name}: {answer['kept']:.0%}", fontsize=9, fontweight="normal")
        axes.axis("off")
    style.save(figure, path)


def _film(drive, answer: dict, path: Path) -> None:
    """The drive as an animated GIF: magnified frames with a bar below that shows the angle."""
    from PIL import Image

    way = np.array(answer["path"])
    turns = np.diff(np.unwrap(way[:, 2]), append=way[-1, 2])
    turns = -turns / max(np.abs(turns).max(), 1e-9)  # right is positive
    shown = []
    for number, (car, turn) in enumerate(zip(way, turns)):
        frame = drive.road.frame(car, number)
        bar = np.full((4, frame.shape[1]), 30, np.uint8)
        middle = frame.shape[1] // 2
        end = round(middle + turn * (middle - 1))
        bar[1:3, min(middle, end) : max(middle, end) + 1] = 255
        picture = np.concatenate([frame, bar]).repeat(LARGER, axis=0).repeat(LARGER, axis=1)
        shown.append(Image.fromarray(picture))
    with files.written(path) as part:
        shown[0].save(
            part, format="GIF", save_all=True, append_images=shown[1:], duration=MILLISECONDS, loop=0, optimize=True
        )
