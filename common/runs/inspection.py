"""Describe examples before training: labels, lengths, duplicates, unknown words, truncation."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from common.datasets import labels
from common.datasets.splits import Splits, same_input
from common.encoding import batching, tagging
from common.encoding.encoder import Encoder
from common.encoding.text import is_unspaced
from common.errors import UserError
from common.runs.examples import Source

LOOKED_AT = 5_000  # examples of a split, for checks that take time
MOST_UNKNOWN = 0.5  # share of unknown words among those of the test examples beyond which a score means little
RARE = 5  # a label with fewer examples is reported
LONG = 512  # tokens of a sentence above which a missing blank line is likely


@dataclasses.dataclass(frozen=True)
class Inspection:
    """The findings.

    Attributes:
        decisions: subject -> finding, in words: the readers' decisions, and properties of the examples.
        warnings: what a user should check, one line each.
    """

    decisions: dict[str, str]
    warnings: list[str]

    def to_json(self) -> dict:
        return dataclasses.asdict(self)


def refuse(splits: Splits) -> None:
    """Refuse training examples from which nothing can be learned.

    Raises:
        UserError: if all have one label, or no word of any sentence is part of an entity.
    """
    counts = Counter(label for example in splits.train for label in labels.of(example))
    if len(counts) != 1:
        return
    (only,) = counts
    if _are_bio(splits, counts):
        raise UserError(
            f"There is no entity in the training examples: all {counts[only]:,} tags are O. "
            "If another column holds the tags, name it: COLUMNS=_,token,tag."
        )
    raise UserError(f"All {counts[only]:,} training examples have the label {only!r}: at least two labels are needed.")


def inspect(source: Source, encoder: Encoder) -> Inspection:
    """Describe the examples of all splits, as this encoder sees them."""
    decisions = {
        file: ", ".join(f"{what} {how}" for what, how in found.items()) for file, found in source.read.decisions.items()
    }
    warnings = list(source.read.warnings)
    is_list = all(isinstance(part, list) for _, part in source.splits)  # lines of a corpus naturally repeat
    _count_labels(source.splits, decisions, warnings)
    decisions["lengths"] = _lengths(source.splits.train)
    if is_list:
        _find_duplicates(source.splits, decisions, warnings)
    _look_at_words(source.splits, encoder, decisions, warnings)
    _count_cut(source.splits, encoder, decisions, warnings)
    return Inspection(decisions, warnings)


def alike(source: Source, encoder: Encoder, train: batching.Encoded) -> list[str]:
    """A warning, or none, about test inputs that equal a training input once encoded: cut alike, or differing only in
    unknown words.

    Args:
        train: the training examples, encoded.
    """
    test = source.splits.test
    loses_something = encoder.word_inputs or hasattr(encoder, "max_timesteps")
    if not (source.is_file and isinstance(test, list) and loses_something):
        return []
    seen = set(_contents(train))
    count = sum(content in seen for content in _contents(batching.encode(encoder, map(labels.without, test))))
    warning = (
        f"{count:,} of {len(test):,} test inputs are equal to a training input once both are encoded (cut, or unlike "
        "in unknown words alone): a score on them says nothing about new inputs."
    )
    return [warning] if count else []


def learnable(train: Sequence, examples: Sequence) -> Sequence:
    """The examples whose labels all occur in train; the sequence itself if that is all of them.

    Raises:
        UserError: if none is left.
    """
    known = {label for example in train for label in labels.of(example)}
    if not known or not isinstance(examples, list) or not unseen(known, examples):
        return examples
    kept = [example for example in examples if known.issuperset(labels.of(example))]
    if not kept:
        raise UserError("No label of the validation examples occurs in the training examples: nothing can be compared.")
    return kept


def unseen(known: Iterable[str], examples: Iterable) -> Counter[str]:
    """Counts of the labels in examples that are not among the known ones."""
    known = set(known)
    return Counter(label for example in examples for label in labels.of(example) if label not in known)


def cut(encoder: Encoder, examples: Iterable) -> str | None:
    """How many examples the encoder truncates, in words, and the setting that keeps them whole; None if none."""
    return _cut(encoder, examples)[0]


def _cut(encoder: Encoder, examples: Iterable) -> tuple[str | None, float]:
    """The text of `cut`, and the share of the examples that are truncated."""
    limit = getattr(encoder, "max_timesteps", None)
    lengths = np.array([encoder.full_length(example) for example in examples] if limit else [], int)
    count = int(np.count_nonzero(lengths > limit)) if limit else 0
    if not count:
        return None, 0.0
    said = (
        f"{count:,} of {len(lengths):,} inputs are longer than max_timesteps={limit} and are cut"
        f" (the longest has {lengths.max():,}): SET=max_timesteps={lengths.max()} in training keeps them whole"
    )
    return said, count / len(lengths)


# ----------------------------------------------------------------------------------------------------- Labels


def _count_labels(splits: Splits, decisions: dict, warnings: list) -> None:
    counts = {split: Counter(label for e in examples for label in labels.of(e)) for split, examples in splits}
    total = sum(counts.values(), Counter())
    if not total:
        return
    decisions["tags" if _have_tags(splits) else "labels"] = labels.shown(total)
    if _are_bio(splits, total):
        types = Counter(span.type for _, part in splits for e in part for span in tagging.spans(e.tags or ()))
        decisions["entities"] = labels.shown(types)
        groups = (", ".join(map(repr, group)) for group in labels.alike(types))
        warnings += [f"The types {names} look like one type: write it in one way." for names in groups]
        long = sum(len(example) > LONG for _, part in splits for example in part)
        if long:
            warnings.append(
                f"{long:,} sentences have more than {LONG} tokens: is a blank line missing after sentences?"
            )
        return
    rare = {label: count for label, count in total.items() if count < RARE}
    if rare:
        warnings.append(f"Labels with fewer than {RARE} examples can hardly be learned: {labels.shown(Counter(rare))}.")
    for split in ("validation", "test"):
        if strange := {label: count for label, count in counts[split].items() if label not in counts["train"]}:
            warnings.append(
                f"Labels of {split} that train lacks, and that count as wrong: {labels.shown(Counter(strange))}."
            )
        if missing := [label for label in counts["train"] if label not in counts[split]]:
            warnings.append(
                f"The {split} split has no example of: {labels.named([f'{name:.40}' for name in missing])}."
            )


def _have_tags(splits: Splits) -> bool:
    return any(hasattr(example, "tags") for example in islice(splits.train, 1))


def _are_bio(splits: Splits, counts: Iterable[str]) -> bool:
    """Whether these labels are BIO tags of entities: a class or a part of speech may be called O too."""
    return _have_tags(splits) and all(label == "O" or label.startswith(("B-", "I-")) for label in counts)


# ----------------------------------------------------------------------------------------------------- Inputs


def _lengths(examples: Sequence) -> str:
    lengths = np.array([len(example) for example in islice(examples, LOOKED_AT)] or [0])
    return f"{lengths.min():,} to {lengths.max():,}, half of them up to {int(np.median(lengths)):,}"


def _find_duplicates(splits: Splits, decisions: dict, warnings: list) -> None:
    targets = defaultdict(set)
    total = 0
    for _, part in splits:
        for example in part:
            targets[same_input(example)].add(labels.of(example))
            total += 1
    if total > len(targets):
        are_text = not any(hasattr(example, "content") for example in islice(splits.train, 1))
        up_to = ", up to case and space" if are_text else ""
        decisions["duplicates"] = f"{total - len(targets):,} of {total:,} inputs are repeats{up_to}"
    if conflicting := {key for key, found in targets.items() if len(found) > 1}:
        example = next(str(e) for _, part in splits for e in part if same_input(e) in conflicting)
        warnings.append(f"{len(conflicting):,} inputs occur with different labels, such as {example!r:.60}.")


def _contents(encoded: batching.Encoded) -> Iterator[tuple[bytes, ...]]:
    """What a network reads of each input; of a pair the source alone."""
    columns = [column for name, column in encoded.inputs.items() if name != "target_ids"]
    values = [np.asarray(column.values) for column in columns]  # slices of a mapped array take longer
    for i in range(len(encoded)):
        yield tuple(
            array[column.offsets[i] : column.offsets[i + 1]].tobytes() for array, column in zip(values, columns)
        )


def _look_at_words(splits: Splits, encoder: Encoder, decisions: dict, warnings: list) -> None:
    if not encoder.word_inputs:
        return
    share = encoder.unknown_words(islice(splits.test, LOOKED_AT))
    if share is not None:
        decisions["unknown words"] = f"{share:.1%} of the words of the test split"
        if share > MOST_UNKNOWN:
            warnings.append(f"{share:.0%} of the words of the test split are unknown: a score will mean little.")
    text = " ".join(str(example) for example in islice(splits.train, 200))
    if is_unspaced(text):
        cut = any(hasattr(example, "tokens") for example in islice(splits.train, 1))
        decisions["script"] = "written without spaces: " + (
            "raw text is cut into the words of train" if cut else "characters are the words"
        )


def _count_cut(splits: Splits, encoder: Encoder, decisions: dict, warnings: list) -> None:
    said, share = _cut(encoder, (example for _, part in splits for example in part))
    if said:
        decisions["cut"] = said
        if share > 0.5:
            warnings.append(f"Most inputs are cut: {said}.")
