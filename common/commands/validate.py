"""`validate`: what a training would find in the data, without training."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence

from common.commands import console_output
from common.datasets.reading import Reading
from common.errors import UserError
from common.runs import cache, examples, inspection
from common.runs.examples import Request
from common.task import load_task

SHOWN = 20  # errors of different kinds
NUMBERS = 3  # of further lines with the same error


def run(task_name: str, request: Request, settings: dict, as_json: bool) -> bool:
    """Read the data as training would, and print decisions, warnings and errors.

    Args:
        settings: changes to the task's config; some decide what is truncated or unknown.
        as_json: one JSON object instead of readable text.

    Returns:
        Whether there are no errors.

    Raises:
        UserError: for an unknown task or setting.
    """
    task = load_task(task_name)
    config = task.config_for(request.data, settings)
    console = console_output.console()
    read = Reading(request.columns, keep_going=True)
    found, sizes, errors = None, {}, []
    try:
        source = examples.load(task, request, config.seed, read=read)
        sizes = {split: len(part) for split, part in source.splits}
        inspection.refuse(source.splits)
        encoder = task.encoder.fit(config, source.splits.train)
        found = inspection.inspect(source, encoder)
        validation = inspection.learnable(source.splits.train, source.splits.validation)
        train, _ = cache.encoded(task, source, encoder, validation)
        found.warnings.extend(inspection.alike(source, encoder, train))
    except UserError as error:
        errors = [str(error)]
    found = found or inspection.Inspection({}, list(read.warnings))
    errors = [*read.errors, *errors]
    if as_json:
        about = {"task": task_name, "examples": sizes, **found.to_json(), "errors": errors, "valid": not errors}
        print(json.dumps(about, ensure_ascii=False))
        return not errors
    if sizes:
        console.print("examples  " + ", ".join(f"{split} {count:,}" for split, count in sizes.items()), highlight=False)
    console_output.inspection(console, found)
    different = _folded(errors)
    for error in different[:SHOWN]:
        print(f"error: {error}", file=sys.stderr)
    if len(errors) == 1:
        print("1 error: fix it before training.", file=sys.stderr)
    elif errors:
        more = f", of which {SHOWN} of {len(different):,} kinds are shown" if len(different) > SHOWN else ""
        print(f"{len(errors):,} errors{more}: fix them before training.", file=sys.stderr)
    else:
        console.print("Nothing is wrong: this can be trained.", highlight=False)
    return not errors


def _folded(errors: Sequence[str]) -> list[str]:
    """The errors, each that occurs in several lines once, with the numbers of the first of the other lines."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for error in errors:
        before, number, after = re.fullmatch(r"(?s)(.*?, line )([\d,]+)(, .*)|.*", error).groups(default="")
        lines.setdefault((before, after) if number else (error,), []).append(number)
    return [_with_lines(parts, numbers) for parts, numbers in lines.items()]


def _with_lines(parts: Sequence[str], numbers: Sequence[str]) -> str:
    first, *others = numbers
    if not others:
        return first.join(parts)
    more = f" and {len(others) - NUMBERS:,} more" if len(others) > NUMBERS else ""
    word = "line" if len(others) == 1 else "lines"
    return f"{first.join(parts)} The same holds for {word} {', '.join(others[:NUMBERS])}{more}."
