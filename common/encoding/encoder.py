"""The base of all encoders, which turn raw examples into arrays: fitted on train only, saved with the run as JSON."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from common.datasets import labels
from common.encoding import batching
from common.encoding.text import UNKNOWN, Labels
from common.errors import UserError, one_line

MOST = 1 << 31  # largest whole number in an encoder's fields


class Encoder:
    """Base of every task's `Encoder`, a frozen dataclass.

    Its fields are plain JSON values, objects with their own `to_json` and `from_json` (such as `text.Vocabulary`), or
    NumPy arrays, which are saved beside the JSON.

    Attributes:
        fixed: names of the inputs, and perhaps "targets", whose arrays all have the same shape: a picture is not a
            sequence of rows. Other arrays of one dimension or more are sequences and are padded.
        word_inputs: names of the inputs with ids of words, some of which may be unknown.
        weight_per_example: whether the loss weighs every example once (CTC), not each timestep of its targets.
        positions: names of the inputs that mark the presence or position of a timestep, not its content.
        answers: the kind of output: "class", one of several; "each", whether each of several things is present;
            "number", a number, or parameters of a distribution of which the first is its location.
    """

    fixed: ClassVar[tuple[str, ...]] = ()
    word_inputs: ClassVar[tuple[str, ...]] = ()
    weight_per_example: ClassVar[bool] = False
    positions: ClassVar[tuple[str, ...]] = ()
    answers: ClassVar[str] = "class"

    @classmethod
    def fit(cls, config, examples: Sequence) -> Encoder:
        """The encoder for these settings, fitted on these training examples and nothing else."""
        raise NotImplementedError

    def encode(self, example) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
        """One example as arrays.

        Returns:
            inputs: model input name -> array; an array of one dimension or more is a sequence `(timesteps, ...)`
                unless it is named in `fixed`. uint8 stays uint8 in a batch.
            targets: array that the loss compares with, of the same kinds; None if the target is unknown.
        """
        raise NotImplementedError

    def step_names(self, example) -> list[str] | None:
        """A readable name for each timestep of the input. None: the timesteps are numbered.

        By default the tokens of the ids in the first input, if a field of the encoder decodes them.
        """
        ids = next(iter(self.encode(example)[0].values()))
        parts = (getattr(self, field.name) for field in dataclasses.fields(self))
        vocabulary = next((part for part in parts if hasattr(part, "decode")), None)
        return None if vocabulary is None or ids.dtype != np.int32 or ids.ndim > 1 else vocabulary.decode(ids)

    def full_length(self, example) -> int:
        """Length of an example before `encode` truncates it, in the unit of `max_timesteps` if the encoder has it."""
        return len(example)

    def unknown_words(self, examples: Iterable) -> float | None:
        """Share of unknown words among the words of some examples; None if there are no words."""
        unknown = total = 0
        for example in examples if self.word_inputs else ():
            inputs, _ = self.encode(labels.without(example))  # a label may be unknown too
            for name in self.word_inputs:
                unknown += int(np.count_nonzero(inputs[name] == UNKNOWN))
                total += len(inputs[name])
        return unknown / total if total else None

    def batches(self, encoded: batching.Encoded, batch_size: int, seed: int | None = None) -> batching.Batches:
        """The encoded examples in batches, in an order drawn from `seed` (None: in the given order, for evaluation)."""
        return batching.ByLength(encoded, batch_size, seed)

    def to_json(self) -> dict:
        """Field name -> JSON value, for the fields that are not arrays."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            name: value.to_json() if hasattr(value, "to_json") else value
            for name, value in values.items()
            if not isinstance(value, np.ndarray)
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Field name -> array, for the fields that are arrays."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    @classmethod
    def from_json(cls, data: dict, arrays: Mapping[str, np.ndarray] | None = None) -> Encoder:
        """The encoder that `to_json` and `arrays` wrote.

        Raises:
            UserError: if a field is missing, unknown or of the wrong type, an array holds values that are not finite
                numbers, or the fields contradict each other.
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
                found = one_line(repr(value), 60)
                raise UserError(f"The encoder's field {name} must be {_words(kind)}, not {found}: train again.")
        encoder = cls(**values)
        if encoder.contradicts_itself():
            raise UserError("The fields of this run's encoder contradict each other: train again.")
        return encoder

    def contradicts_itself(self) -> bool:
        """Whether fields read from a file are inconsistent, for instance of different lengths."""
        return False

    def label_fields(self) -> dict[str, Labels]:
        """The fields with the labels of the model's classes, by name."""
        return {name: part for name, part in vars(self).items() if isinstance(part, Labels)}

    def network_sizes(self) -> dict[str, int]:
        """The number of different ids of an input of the network, and the size of an output, by name.

        A single output has the name of its network. By default a network "model" has one output for each label, and
        with CTC one more.
        """
        known = next(iter(self.label_fields().values()), None)
        return {} if known is None else {"model": len(known) + self.weight_per_example}

    def check_sizes(self, found: Iterable[tuple[str, int]]) -> None:
        """Check that a network has the sizes that this encoder expects.

        Args:
            found: `(name, size)` of inputs that index an embedding, and of outputs.

        Raises:
            UserError: if it does not.
        """
        own = self.network_sizes()
        for name, size in found:
            if own.get(name, size) != size:
                raise UserError(f"The encoder of this run has {own[name]:,} {name}, its network {size:,}: train again.")

    def check_settings(self, config) -> None:
        """Check that numbers with the same name agree in the encoder and in the settings.

        Raises:
            UserError: if they do not.
        """
        for field in dataclasses.fields(self):
            own, given = getattr(self, field.name), getattr(config, field.name, None)
            if isinstance(given, (int, float)) and own != given:
                raise UserError(f"The settings of this run say {field.name}={given}, its encoder {own}: train again.")


def _is_a(kind, value) -> bool:
    """Whether a JSON value has a type such as `int` or `list[list[float]]`; a whole number is a float too.

    Whole numbers of an encoder are counts, so they are not negative.
    """
    if (origin := typing.get_origin(kind)) is None:
        if kind is int:
            return type(value) is int and 0 <= value <= MOST
        return isinstance(value, (int, float)) and not isinstance(value, bool) if kind is float else type(value) is kind
    (inner,) = typing.get_args(kind)
    return isinstance(value, origin) and all(_is_a(inner, each) for each in value)


def _words(kind) -> str:
    return f"a whole number from 0 to {MOST:,}" if kind is int else f"a {getattr(kind, '__name__', kind)}"
