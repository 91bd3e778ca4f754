"""The plot of a translation: an attention map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from common.metrics.translation import Translation
from common.plots import style

LONGEST = 24  # maximum number of source or target tokens in an attention map; more are illegible


def figures(
    scores: Translation, examples: Sequence, predictions: Sequence[dict], folder: Path
) -> list[tuple[str, str]]:
    """Write `attention.png` if there are predictions with attention; its (file name, caption)."""
    shown = _most_telling(predictions)
    if shown is None:
        return []
    _attention(predictions[shown], folder / "attention.png")
    caption = f"The decoder's attention to “{examples[shown]}” at each piece of the translation."
    return [("attention.png", caption)]


def _most_telling(predictions: Sequence[dict]) -> int | None:
    """Number of the prediction with the longest legible attention map."""
    sizes = [len(p["source_tokens"]) + len(p["target_tokens"]) if p.get("attention") else 0 for p in predictions]
    readable = [
        size if size and max(len(p["source_tokens"]), len(p["target_tokens"])) <= LONGEST else 0
        for size, p in zip(sizes, predictions, strict=True)
    ]
    return int(np.argmax(readable)) if any(readable) else None


def _attention(prediction: dict, path: Path) -> None:
    source, target = prediction["source_tokens"], prediction["target_tokens"]
    figure = Figure(figsize=(2.5 + 0.35 * len(source), 1.5 + 0.3 * len(target)))
    axes = figure.add_subplot()
    image = axes.imshow(prediction["attention"], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(source)), source, rotation=60, ha="left", rotation_mode="anchor", parse_math=False)
    axes.set_yticks(range(len(target)), target, parse_math=False)
    axes.grid(False)
    axes.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False)
    axes.set_xlabel("source")
    axes.set_ylabel("translation")
    figure.colorbar(image, ax=axes, label="attention")
    style.save(figure, path)
