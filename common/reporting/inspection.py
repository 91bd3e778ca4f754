"""The pages that show what a trained network does with one example: `inspect.md` with pictures, and `inspect.html`."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from common import files
from common.insight import counting
from common.insight.study import Study
from common.plots import insight
from common.reporting import inspection_page
from common.reporting.tables import markdown, number

MOST_ROWS = 16  # maximum number of rows in a table of steps
MARKED = 5  # steps whose similar states are listed


def write(folder: Path, title: str, text: str, answer: str, study: Study) -> list[Path]:
    """Write both pages and the pictures into a folder.

    Args:
        title: task and run.
        text: the example as a user writes it.
        answer: the model's answer in one line.

    Returns:
        The paths of `inspect.md` and `inspect.html`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sentences = insight.figures(study, folder)
    heading = [f"# Inside {title}", "", f"Input: {_one_line(text)}", "", f"Answer: {_one_line(answer)}", ""]
    sections = list(_sections(study, sentences))
    lines = heading + [line for name, body in sections for line in (f"## {name}", "", *body, "")]
    page, interactive = folder / "inspect.md", folder / "inspect.html"
    files.write_text(page, "\n".join(lines))
    pictures = {name: base64.b64encode((folder / name).read_bytes()).decode() for name in sentences}
    files.write_text(interactive, inspection_page.page(title, _one_line(answer), study, sections, pictures))
    return [page, interactive]


def _sections(study: Study, sentences: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Heading and Markdown lines of each part."""

    def picture(name: str) -> list[str]:
        return [f"![{name.removesuffix('.png')}]({name})", "", sentences[name], ""] if name in sentences else []

    yield "1. Shapes", _shapes(study)
    yield "2. Weights counted", [*_weights(study), *picture("weights.png")]
    yield "3. Unrolled", [*picture("unrolled.png"), *_one_unit(study)]
    yield "4. State over time", [*picture("states.png"), *picture("gates.png"), *_followed(study), *_similar(study)]
    yield "5. The answer after each step", [*picture("reading.png"), *_over_examples(study)]
    yield "6. Gradient through time", [*picture("gradients.png"), *_flows(study), *picture("clipping.png")]
    yield "7. Connectivity", [*picture("connectivity.png"), *_effects(study)]
    if study.attention is not None:
        yield "8. Attention", picture("attention.png")


def _shapes(study: Study) -> list[str]:
    lines = [
        (
            f"The example has {len(study.names)} timesteps. The first axis of an array is the batch, here 1; the "
            "second, where there are three, the timesteps; the last the features of one timestep."
        ),
        "",
        *markdown([["network", "layer", "kind", "gives"], *map(list, study.shapes)]),
        "",
        "Where the last state of a direction stands among the outputs of its layer:",
        "",
    ]
    rows = [[title, str(steps), where, f"{difference:.1e}"] for title, steps, where, difference in study.final]
    lines += markdown([["recurrence", "steps read", "its last state is the output at", "difference"], *rows])
    told = [[given, said] for given, said in study.wrong_shapes.items()]
    return [*lines, "", "What the recurrent layer says to a wrong shape:", "", *markdown([["given", "said"], *told])]


def _weights(study: Study) -> list[str]:
    rows = [[title, formula, f"{said:,}", f"{has:,}"] for title, formula, said, has in study.counts]
    dense = counting.perceptron(len(study.names), study.vocabulary, study.main.units)
    return [
        "gates x (features + units + biases) x units: a SimpleRNN has one gate, a GRU three, an LSTM four.",
        "",
        *markdown([["recurrence", "formula", "result", "the layer has"], *rows]),
        "",
        (
            f"A perceptron of the same width, {study.main.units}, on the whole padded input of {len(study.names)} "
            f"steps of {study.vocabulary:,} has {dense:,} weights in its first layer."
        ),
        "",
    ]


def _one_unit(study: Study) -> list[str]:
    rows = [
        [name, *(f"{row[key]:.4f}" for key in ("x", "w_x x", "w_h h", "sum", "h"))]
        for name, row in list(zip(study.names, study.one_unit))[:MOST_ROWS]
    ]
    return [
        (
            "A network of one unit on the same example, followed by hand: h = tanh(0.8 x + 0.5 h_before + 0.1), where "
            "x is the feature that varies most, scaled to 1."
        ),
        "",
        *markdown([["step", "x", "0.8 x", "0.5 h before", "sum", "h"], *rows]),
        "",
    ]


def _followed(study: Study) -> list[str]:
    rows = [
        [
            one.quantity,
            ", ".join(f"{unit} ({one.share[unit]:.2f})" for unit in one.units[:6]) or "none",
            f"{one.share.max():.3f}",
            f"{one.threshold:.3f}",
            f"{one.shuffled:.3f}",
        ]
        for one in study.followed
    ]
    if not rows:
        return ["Too few examples to look for units that follow something.", ""]
    return [
        (
            "Units that follow something, over the test set: the share of a unit's variance that it explains. No unit "
            "counts that is not well above what shuffled values reach."
        ),
        "",
        *markdown([["what", "units", "closest", "threshold", "shuffled"], *rows]),
        "",
    ]


def _similar(study: Study) -> list[str]:
    marked = np.unique(np.linspace(0, len(study.names) - 1, MARKED).round().astype(int)) if study.names else []
    rows = []
    for step in marked:
        for text, cosine in study.similar[step][:1]:
            rows.append([study.names[step], text, f"{cosine:.3f}"])
    return ["The most similar state in the test set:", "", *markdown([["after", "state after", "cosine"], *rows]), ""]


def _over_examples(study: Study) -> list[str]:
    keys = [key for key in ("agreed", "right", "distance") if key in study.over_examples[1.0]]
    keys = ["distance"] if study.kind == "number" else keys
    head = {"agreed": "final already", "right": "right", "distance": "distance from the final number"}
    rows = [[f"{share:.0%}", *(number(row[key]) for key in keys)] for share, row in study.over_examples.items()]
    return markdown([["read", *(head[key] for key in keys)], *rows])


def _flows(study: Study) -> list[str]:
    rows = [[one.label, one.in_words(), f"{one.exponents[0]:+.3f}"] for one in study.flows]
    return [*markdown([["cell", "an error at the last step is", "largest Lyapunov exponent"], *rows]), ""]


def _effects(study: Study) -> list[str]:
    effects = study.effects
    order = np.argsort(-np.abs(effects.occlusion))[:MOST_ROWS]
    rows = [
        [study.names[i], f"{effects.occlusion[i]:+.3f}", f"{effects.integrated[i]:+.3f}", f"{effects.gradient[i]:.3f}"]
        for i in order
    ]
    agreement = ", ".join(f"{pair} {value:.2f}" for pair, value in effects.agreement.items())
    return [
        *markdown([["step", "hidden", "integrated gradients", "norm of the gradient"], *rows]),
        "",
        (
            f"Rank correlation: {agreement}. The integrated gradients miss the change that they must sum to by "
            f"{effects.completeness_error:.2%}."
        ),
        "",
    ]


def _one_line(text: str) -> str:
    return text.replace("\n", " ⏎ ")
