"""The pages of `inspect` about a trained network and one example: `inspect.md` with plots, and `inspect.html`."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from common import files
from common.insight import counting
from common.insight.study import Study
from common.plots import insight
from common.reporting import inspection_page
from common.reporting.tables import markdown, number

MOST_ROWS = 16  # maximum number of rows in a table of steps
MARKED = 5  # number of steps whose nearest states are listed


def write(folder: Path, title: str, text: str, answer: str, study: Study, notes: Sequence[str] = ()) -> list[Path]:
    """Write both pages and the plots into a folder.

    Args:
        title: task and run.
        text: the example.
        answer: of the model, in one line.
        notes: sentences about the runs with which the network is compared.

    Returns:
        The paths of `inspect.md` and `inspect.html`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    captions = insight.figures(study, folder)
    heading = [f"# Inside {title}", "", f"Input: {_one_line(text)}", "", f"Answer: {_one_line(answer)}", ""]
    sections = list(_sections(study, captions, notes))
    lines = heading + [line for name, body in sections for line in (f"## {name}", "", *body, "")]
    page, interactive = folder / "inspect.md", folder / "inspect.html"
    files.write_text(page, "\n".join(lines))
    pictures = {name: base64.b64encode((folder / name).read_bytes()).decode() for name in captions}
    files.write_text(interactive, inspection_page.page(title, _one_line(answer), study, sections, pictures))
    return [page, interactive]


def _sections(study: Study, captions: dict[str, str], notes: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Heading and Markdown lines of each section."""

    def picture(name: str) -> list[str]:
        return [f"![{name.removesuffix('.png')}]({name})", "", captions[name], ""] if name in captions else []

    yield "1. Shapes", _shapes(study)
    yield "2. Weights counted", [*_weights(study), *picture("weights.png")]
    yield "3. Unrolled", [*picture("unrolled.png"), *_one_unit(study)]
    yield "4. State over time", [*picture("states.png"), *picture("gates.png"), *_encoded(study), *_similar(study)]
    yield "5. The answer after each step", [*picture("reading.png"), *_over_examples(study)]
    flows = [*picture("gradients.png"), *_flows(study), *(line for note in notes for line in (note, ""))]
    yield "6. Gradient through time", [*flows, *picture("memory.png"), *picture("clipping.png")]
    yield "7. Connectivity", [*picture("connectivity.png"), *_effects(study)]
    if study.attention is not None:
        yield "8. Attention", picture("attention.png")


def _shapes(study: Study) -> list[str]:
    lines = [
        (
            f"The example has {len(study.names)} timesteps. The first axis of an array is the batch, here 1. In an "
            "array with three axes the second is the timesteps and the last the features. Token ids and masks have no "
            "features: a single number per timestep. A summary of the whole sequence has no timesteps: (batch, "
            "features)."
        ),
        "",
        *markdown([["network", "layer", "class", "output shape"], *map(list, study.shapes)]),
        "",
        "The output of each layer that is a final state, and its difference from the state computed by hand:",
        "",
    ]
    rows = [[title, str(steps), where, f"{difference:.1e}"] for title, steps, where, difference in study.final]
    lines += markdown([["recurrence", "steps read", "final state is the output at", "difference"], *rows])
    errors = [list(pair) for pair in study.wrong_shapes.items()]
    return [*lines, "", "Errors of the recurrent layer for wrong shapes:", "", *markdown([["input", "error"], *errors])]


def _weights(study: Study) -> list[str]:
    rows = [[title, formula, f"{expected:,}", f"{actual:,}"] for title, formula, expected, actual in study.counts]
    main = study.main
    dense = counting.perceptron(len(study.names), study.vocabulary, main.units)
    recurrent = counting.weights(main.cell, study.vocabulary, main.units)
    return [
        (
            "blocks x (features + units + biases) x units. Each block computes a gate or the candidate for the new "
            "state: a SimpleRNN has no gate and 1 block, a GRU has two gates and 3 blocks, an LSTM has three gates and "
            "4 blocks. Each unit of a block has 1 bias, in a GRU 2: one for the input and one for the state."
        ),
        "",
        *markdown([["recurrence", "formula", "result", "weights in the layer"], *rows]),
        "",
        (
            f"A perceptron with {study.main.units} units on the whole padded input, {len(study.names)} steps of "
            f"{study.vocabulary:,} features (a word is one-hot), has {dense:,} weights in its first layer. On the same "
            f"input, one direction of this recurrent layer would have {recurrent:,}, whatever the number of steps."
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
            "A network of one unit on the same example, step by step: h_t = tanh(0.8 x_t + 0.5 h_(t-1) + 0.1), where x "
            "is the feature with the largest variance, scaled to the range from -1 to 1."
        ),
        "",
        *markdown([["step", "x_t", "0.8 x_t", "0.5 h_(t-1)", "sum", "h_t"], *rows]),
        "",
    ]


def _encoded(study: Study) -> list[str]:
    rows = [
        [
            one.quantity,
            ", ".join(f"{unit} ({one.share[unit]:.2f})" for unit in one.units[:6]) or "none",
            f"{one.share.max():.3f}",
            f"{one.threshold:.3f}",
            f"{one.shuffled:.3f}",
        ]
        for one in study.encoded
    ]
    if not rows:
        return ["The test set has too few examples to say what the units encode.", ""]
    return [
        (
            "What the units encode, over the test set. In parentheses: the fraction of the unit's variance that the "
            "quantity explains. Units are listed if it is above the threshold, which is well above what shuffled "
            "values of the quantity reach."
        ),
        "",
        *markdown([["quantity", "units", "largest fraction", "threshold", "shuffled"], *rows]),
        "",
    ]


def _similar(study: Study) -> list[str]:
    marked = np.unique(np.linspace(0, len(study.names) - 1, MARKED).round().astype(int)) if study.names else []
    rows = []
    for step in marked:
        for text, cosine in study.similar[step][:1]:
            rows.append([study.names[step], text, f"{cosine:.3f}"])
    if not rows:
        return []
    head = ["step", "nearest step", "cosine similarity"]
    explanation = (
        "Steps of other test examples with the most similar states. Left out are steps up to which an example is equal "
        "to this one: their states are the same."
    )
    return [explanation, "", *markdown([head, *rows]), ""]


def _over_examples(study: Study) -> list[str]:
    keys = [key for key in ("agreed", "right", "distance") if key in study.over_examples[1.0]]
    keys = ["distance"] if study.kind == "number" else keys
    head = {
        "agreed": "equal to the final answer",
        "right": "correct",
        "distance": "distance from the final output" if study.kind == "number" else "distance from the final log-odds",
    }
    rows = [[f"{share:.0%}", *(number(row[key]) for key in keys)] for share, row in study.over_examples.items()]
    return markdown([["steps read", *(head[key] for key in keys)], *rows])


def _flows(study: Study) -> list[str]:
    rows = [[one.label, one.in_words(), f"{one.exponents[0]:+.3f}", str(one.steps)] for one in study.flows]
    head = ["cell", "gradient of the last state", "largest Lyapunov exponent (nats per step)", "steps"]
    explanation = (
        "The Lyapunov exponents are finite-time ones: mean rates of growth over the steps of one sequence, the longest "
        "of the test examples that were read. Above 0, small differences between states grow over these steps."
    )
    return [*markdown([head, *rows]), "", explanation, ""]


def _effects(study: Study) -> list[str]:
    effects = study.effects
    order = np.argsort(-np.abs(effects.occlusion))[:MOST_ROWS]
    rows = [
        [study.names[i], f"{effects.occlusion[i]:+.3f}", f"{effects.integrated[i]:+.3f}", f"{effects.gradient[i]:.3f}"]
        for i in order
    ]
    agreement = ", ".join(f"{pair} {value:.2f}" for pair, value in effects.agreement.items())
    return [
        *markdown([["step", "occlusion", "integrated gradients", "norm of the gradient"], *rows]),
        "",
        (
            f"Rank correlations: {agreement}. The integrated gradients sum to {effects.integrated.sum():+.3f}; from an "
            f"input with all steps occluded to this one, the answer's value changes by {effects.change:+.3f}. The "
            f"difference is {effects.completeness_error:.2%} of the sum of their absolute values."
        ),
        "",
    ]


def _one_line(text: str) -> str:
    return text.replace("\n", " ⏎ ")
