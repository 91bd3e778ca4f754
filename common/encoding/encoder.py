"""What stands between raw examples and arrays: fitted on train alone, saved with the run as JSON."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from common.datasets import labels
from common.encoding import batching
from common.encoding.text import UNKNOWN
from common.errors import UserError


class Encoder:
    """Base of every task's `Encoder`, a frozen dataclass.

    Its fields are plain JSON values, parts with `to_json` and `from_json` of their own (`text.Vocabulary`, say), or
    NumPy arrays, which are saved beside the JSON.

    Attributes:
        fixed: names of the inputs, and perhaps "targets", whose arrays all have one shape: a picture is no sequence of
            rows. Other arrays of one dimension or more are sequences and are padded.
        word_inputs: names of the inputs that hold ids of words, of which some may be unknown.
        weight_per_example: whether the loss counts every example once (CTC), not each timestep of its targets.
    """

    fixed: ClassVar[tuple[str, ...]] = ()
    word_inputs: ClassVar[tuple[str, ...]] = ()
    weight_per_example: ClassVar[bool] = False

    @classmethod
    def fit(cls, config, examples: Sequence) -> Encoder:
        """The encoder for these settings that has seen these training examples and nothing else."""
        raise NotImplementedError

    def encode(self, example) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """One example as arrays.

        Returns:
            inputs: model input name to array; an array of one dimension or more is a sequence `(timesteps, ...)`
                unless it is named in `fixed`. uint8 stays uint8 in a batch.
            targets: array that the loss compares with, likewise; None where the target is not known.
        """
        raise NotImplementedError

    def full_length(self, example) -> int:
        """How long an example is before `encode` cuts it, in what `max_timesteps` counts where the encoder has it."""
        return len(example)

    def is_cut(self, example) -> bool:
        """Whether `encode` keeps only a part of an example."""
        return self.full_length(example) > getattr(self, "max_timesteps", math.inf)

    def unknown_words(self, examples: Iterable) -> float | None:
        """Share of the words of some examples that are unknown; None where there are no words."""
        unknown = total = 0
        for example in examples if self.word_inputs else ():
            inputs, _ = self.encode(labels.without(example))  # a label may be unknown, too
            for name in self.word_inputs:
                unknown += int(np.count_nonzero(inputs[name] == UNKNOWN))
                total += len(inputs[name])
        return unknown / total if total else None

    def batches(self, encoded: batching.Encoded, batch_size: int, seed: int | None = None) -> batching.Batches:
        """The encoded examples in batches, in an order drawn from `seed` (None: as they come, for evaluation)."""
        return batching.ByLength(encoded, batch_size, seed)

    def to_json(self) -> dict:
        """Field name to JSON value, without the fields that are arrays."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            name: value.to_json() if hasattr(value, "to_json") else value
            for name, value in values.items()
            if not isinstance(value, np.ndarray)
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Field name to array, of the fields that are arrays."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    @classmethod
    def from_json(cls, data: dict, arrays: Mapping[str, np.ndarray] | None = None) -> Encoder:
        """The encoder that `to_json` and `arrays` wrote.

        Raises:
            UserError: if a field is missing, unknown or not of its type, or an array holds values that are no numbers.
        """
        hints = typing.get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(cls) if hints[field.name] is not np.ndarray]
        array_names = [field.name for field in dataclasses.fields(cls) if hints[field.name] is np.ndarray]
        if not isinstance(data, dict) or set(data) != set(names):
            raise UserError(f"The encoder of this run does not have the fields {names}: train again.")
        values = dict(arrays or {})
        if set(values) != set(array_names):
            raise UserError(f"The encoder of this run does not have the arrays {array_names}: train again.")
        for name, array in values.items():
            if array.dtype.kind not in "iufb" or not np.isfinite(array).all():
                raise UserError(f"The encoder's array {name} holds values that are not finite numbers: train again.")
        for name in names:
            kind, value = hints[name], data[name]
            if hasattr(kind, "from_json"):
                values[name] = kind.from_json(value)
            elif _is_a(kind, value):
                values[name] = value
            else:
                raise UserError(f"The encoder's field {name} must be a {kind}, not {value!r:.60}: train again.")
        return cls(**values)


def _is_a(kind, value) -> bool:
    """Whether a JSON value has a type such as `int` or `list[list[float]]`; a whole number is a float too."""
    if (origin := typing.get_origin(kind)) is None:
        return isinstance(value, (int, float) if kind is float else kind)
    (inner,) = typing.get_args(kind)
    return isinstance(value, origin) and all(_is_a(inner, each) for each in value)
