"""The report of one run: scores beside baselines, breakdowns, the worst mistakes, and plots."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from common import files
from common.metrics import scores as metrics
from common.metrics.classification import f1
from common.reporting.evaluation import Evaluation
from common.reporting.tables import bounds, markdown, number
from common.runs import inspection
from common.runs.examples import describe_shared
from common.runs.run import Run

MISTAKES = 10  # shown in a report
SMALLEST_PART = 5  # examples; a score over fewer means nothing
MANY_PARTS = 10  # parts from which the report counts where the model is better


def write(run: Run, evaluation: Evaluation, measured: dict, history: list[dict]) -> Path:
    """Write `report.md` and its plots to the run folder; returns the path of the report.

    Args:
        evaluation: the predictions and their scores.
        history: one row per epoch, from `fitting.fit`.
        measured: the content of `metrics.json`.
    """
    metric = measured["metric"]
    breakdowns = evaluation.scores.breakdowns
    over_parts = {title: _over(evaluation, parts, metric) for title, parts in breakdowns.items()}
    over_parts = {title: scores for title, scores in over_parts.items() if scores["model"]}
    pictures, problems = _pictures(run, evaluation, over_parts, metric, history)
    about = (
        f"{measured['data']}, {measured['cell']}, seed {measured['seed']}, {measured['parameters']:,} parameters, "
        f"{measured['epochs']} epochs in {measured['train_seconds']:.0f} s. "
        f"{len(evaluation.examples):,} test examples, predicted in {measured['predict_seconds']:.1f} s."
    )
    shared = [f"Of the splits, {describe_shared(measured['shared'])}.", ""] if any(measured["shared"].values()) else []
    lines = [
        f"# {measured['task']}: {run.path.name}",
        "",
        about,
        "",
        *shared,
        *score_table(measured),
        "",
        verdict(measured),
        "",
        *(line for remark in measured["remarks"] for line in (remark, "")),
        *_data(measured.get("inspection", {})),
        *(line for name, text in measured["signatures"].items() for line in (f"Signature of {name}: `{text}`", "")),
    ]
    lines += _classes(evaluation)
    for title, scores in over_parts.items():
        lines += [f"## Scores {title}", "", *_breakdown(scores, breakdowns[title], metric), ""]
    lines += ["## Worst mistakes", "", *_mistakes(evaluation), ""]
    lines += ["## Pictures", ""]
    for name, caption in pictures:
        lines += [f"![{caption}]({name})", "", caption, ""]
    lines += [line for problem in problems for line in (problem, "")]
    files.write_text(run.report_file, "\n".join(lines))
    return run.report_file


def score_table(measured: dict) -> list[str]:
    """Markdown table: every score with its interval, beside every baseline."""
    others_scores = {**measured["baselines"], **{f"{name} (mixture)": s for name, s in measured["mixtures"].items()}}
    rows = [["score", "model", "95 % interval", *others_scores]]
    for name, value in measured["test"].items():
        others = [number(scores.get(name)) for scores in others_scores.values()]
        rows.append([name, number(value), bounds(measured["interval"][name]), *others])
    return markdown(rows)


def verdict(measured: dict) -> str:
    """One sentence: which is better on the main metric, and whether the interval of the difference includes zero."""
    metric, gap = measured["metric"], measured["difference"]
    if not measured["baselines"]:
        return "No baseline was fitted, since the original training data are not available."
    unknown = measured["unknown_words"]
    if unknown is not None and unknown > inspection.MOST_UNKNOWN:
        return f"{unknown:.0%} of the test words are unknown to the model, so its score on {metric} means little."
    if gap["difference"] is None:
        return f"On {metric} the model and {measured['baseline_name']} cannot be compared: a score is not a number."
    wins = (gap["difference"] < 0) == metrics.lower_is_better(metric)
    answer = f"{'better' if wins else 'worse'} than {measured['baseline_name']} by {number(abs(gap['difference']))}"
    if gap["difference"] == 0:
        answer = f"as good as {measured['baseline_name']}"
    if gap["low"] is None:
        return f"On {metric} the model is {answer}, on a single example, which gives no interval."
    doubt = "; the interval includes zero" if gap["low"] <= 0 <= gap["high"] else ""
    return (
        f"On {metric} the model is {answer} "
        f"(95 % interval of model minus baseline {number(gap['low'])} to {number(gap['high'])}, "
        f"paired bootstrap){doubt}."
    )


def _data(found: dict) -> list[str]:
    """The findings about the data before training, and the warnings."""
    if not found.get("decisions") and not found.get("warnings"):
        return []
    rows = [["data", ""], *([what, how] for what, how in found["decisions"].items())]
    return ["## Data", "", *markdown(rows), "", *(line for text in found["warnings"] for line in (text, ""))]


def _classes(evaluation: Evaluation) -> list[str]:
    """Precision, recall, F1 and number of examples of each class."""
    rows = [["class", "precision", "recall", "f1", "support"]]
    for name, (right, answered, true) in evaluation.scores.classes().items():
        shares = right / answered if answered else None, right / true if true else None
        rows.append([name, *map(number, (*shares, f1(right, answered, true))), f"{true:,}"])
    return ["## Each class", "", *markdown(rows), ""] if len(rows) > 1 else []


def _over(evaluation: Evaluation, parts: dict[str, np.ndarray], metric: str) -> dict[str, dict[str, float]]:
    """The metric of the model and of every baseline over each large enough part: `{model: {part: score}}`."""
    everyone = {"model": evaluation.scores, **evaluation.baselines, **evaluation.mixtures}
    large = {label: examples for label, examples in parts.items() if len(examples) >= SMALLEST_PART}
    return {name: {label: one.over(part)[metric] for label, part in large.items()} for name, one in everyone.items()}


def _breakdown(scores: dict[str, dict[str, float]], parts: dict[str, np.ndarray], metric: str) -> list[str]:
    """Markdown table of the metric over each part, beside every baseline; for many parts also the model's wins."""
    (_, mine), *others = scores.items()
    rows = [["part", "examples", metric, *(name for name, _ in others)]]
    for label, value in mine.items():
        rows.append([label, f"{len(parts[label]):,}", number(value), *(number(other[label]) for _, other in others)])
    if len(mine) < MANY_PARTS or not others:
        return markdown(rows)
    sign = 1 if metrics.lower_is_better(metric) else -1
    won = {name: sum(sign * other[label] > sign * value for label, value in mine.items()) for name, other in others}
    counts = (f"than {name} on {count}" for name, count in won.items())
    return [*markdown(rows), "", f"Of {len(mine)} parts the model is better {', '.join(counts)}."]


def _mistakes(evaluation: Evaluation) -> list[str]:
    scores = evaluation.scores
    rows = [["input", "truth", "prediction", "loss"]]
    for i in np.argsort(-np.asarray(scores.losses), kind="stable")[:MISTAKES]:
        if scores.truths[i] != scores.answers[i]:
            texts = str(evaluation.examples[i]), scores.truths[i], scores.answers[i]
            rows.append(
                [*(text if len(text) <= 200 else text[:197] + "..." for text in texts), number(scores.losses[i])]
            )
    return markdown(rows) if len(rows) > 1 else ["None."]


def _pictures(
    run: Run, evaluation: Evaluation, parts: dict, metric: str, history: list[dict]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Curves of the training, and the plots for the family of the scores.

    A plot that cannot be drawn does not prevent the report, which then shows the error instead.

    Returns:
        (file name, caption) of each plot, and a line for each problem.
    """
    from common.plots import curves

    def training_curves():
        curves.curves(history, run.curves_file)
        return [(run.curves_file.name, "Loss on train and validation after each epoch.")]

    def scores_by_length():
        found = []
        for title, scores in parts.items():
            if title.startswith("by length") and len(scores["model"]) > 1:
                curves.lengths(scores, metric, title.removeprefix("by "), run.path / "lengths.png")
                found.append(("lengths.png", f"{metric} {title}, the model and its baselines."))
        return found

    def pictures_of_the_family():
        family = type(evaluation.scores).__module__.rsplit(".", 1)[-1]
        plots = importlib.import_module(f"common.plots.{family}")
        return plots.figures(evaluation.scores, evaluation.examples, evaluation.predictions, run.path)

    found, problems = [], []
    for draw in (training_curves, scores_by_length, pictures_of_the_family):
        pictures, problem = _attempt(draw)
        found += pictures
        problems += problem
    return found, problems


def _attempt(draw: Callable[[], list]) -> tuple[list, list[str]]:
    try:
        return draw(), []
    except Exception as error:  # any error is shown in the report, and the measurement is kept
        name = draw.__name__.replace("_", " ")
        return [], [f"The {name} could not be drawn: {type(error).__name__}: {error}"]
