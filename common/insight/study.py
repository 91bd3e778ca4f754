"""The numbers behind `inspect`: everything it shows about a trained model and one example."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from common.errors import UserError
from common.insight import attribution, counting, flow, occlusion, reading, recurrences, states, walk
from common.insight.attribution import Attribution
from common.insight.composition import Answer, Composition
from common.insight.flow import Flow
from common.insight.recurrences import Recurrence
from common.insight.states import Encoded
from common.prediction import keras_networks
from common.prediction.networks import padded

POOL = 200  # test examples whose states are compared
READ = 24  # test examples for the answer after each step
FLOWS = 8  # examples for the gradient through time
MOST_SHOWN = 600  # maximum number of steps on the interactive page
LONGEST_STEPS = 1024  # test examples with more steps are left out of the comparison of states
SIMILAR = 3  # nearest states shown for each state


@dataclasses.dataclass(frozen=True)
class Effects:
    """The effect of each step on the answer, by three measures; float64 `(steps,)` each."""

    gradient: np.ndarray
    occlusion: np.ndarray
    integrated: np.ndarray
    change: float  # of the answer, of which the integrated gradients are the parts
    completeness_error: float  # of the integrated gradients, as a fraction of the sum of their absolute values
    by_answer: np.ndarray  # occlusion, float64 (answers, steps)

    @property
    def agreement(self) -> dict[str, float]:
        """Rank correlations between the measures."""
        effects = {"gradient": self.gradient, "occlusion": self.occlusion, "integrated gradients": self.integrated}
        return attribution.agreement(effects)


@dataclasses.dataclass(frozen=True)
class Study:
    """The results for one model and one example.

    Attributes:
        names: of the steps of the example.
        answers: of the model, as text.
        shapes: a row for each input and each call of a layer: network, layer, class, shapes of its outputs.
        wrong_shapes: a wrong input shape -> the error message of the recurrent layer.
        recurrences: all recurrences over the example.
        main: the recurrence whose states are shown.
        final: for each recurrence its title, the number of steps read, the step at which the layer outputs its final
            state, and the difference between that output and the state computed by `reference`.
        counts: a row for each recurrence: title, formula, result of the formula, number of weights in the layer.
        vocabulary: size of the one-hot vector of a step, or its number of features.
        state, gates: of the main recurrence, `(timesteps, units)`.
        encoded: quantities and the units that encode them.
        similar: for each step, the steps of other test examples with the most similar states, and the cosine
            similarities.
        reading, over_examples: the answer after each step.
        flows: gradient through time.
        clipping: initialisation ("orthogonal", "random") -> norms of dL/dW by flow.GAINS.
        training: "without clipping" and "clipped" -> losses of a short training, of `flow.training`.
        effects, untrained: for the trained and for an untrained network.
        attention: `(answers, steps)` or None.
        one_unit: rows of the trace.
        kind: of the answer, as in `Answer.kind`.
    """

    names: list[str]
    answers: list[str]
    shapes: list[tuple]
    wrong_shapes: dict[str, str]
    recurrences: list[Recurrence]
    main: Recurrence
    final: list[tuple]
    counts: list[tuple]
    vocabulary: int
    state: np.ndarray
    gates: dict[str, np.ndarray]
    encoded: list[Encoded]
    similar: list[list[tuple[str, float]]]
    reading: reading.Reading
    over_examples: dict[float, dict[str, float]]
    flows: list[Flow]
    clipping: dict[str, np.ndarray]
    training: dict[str, np.ndarray]
    effects: Effects
    untrained: Effects
    attention: np.ndarray | None
    one_unit: list[dict[str, float]]
    kind: str

    @property
    def has_probability(self) -> bool:
        """Whether the log-odds in `reading` are those of a single answer, and so stand for its probability."""
        return self.kind == "class" and (self.reading.by_step or len(self.answers) == 1)

    @property
    def value_name(self) -> str:
        """What the values in `reading` are."""
        if self.has_probability:
            return "log-odds of the answer"
        names = {"number": "output of the model", "each": "log-odds, summed over the labels"}
        return names.get(self.kind, "mean log-odds of the answers")


@dataclasses.dataclass(frozen=True)
class Subject:
    """A trained model, and the models and examples with which it is compared.

    Attributes:
        model: trained.
        untrained: cell -> untrained model with that cell.
        others: other cell -> model with that cell, trained on the same data.
        cell: of the model.
        encoder: of the run.
        pool: test examples.
    """

    model: keras.Model
    untrained: Mapping[str, keras.Model]
    others: Mapping[str, keras.Model]
    cell: str
    encoder: object
    pool: Sequence

    def composition(self, model: keras.Model) -> Composition:
        return Composition(keras_networks.of_model(model), self.encoder)


def study(subject: Subject, example) -> Study:
    """Compute everything that `inspect` shows of one example."""
    encoder, composed = subject.encoder, subject.composition(subject.model)
    inputs, target = encoder.encode(example)
    batch = composed.complete(inputs)
    answer = occlusion.answer_of(composed, batch, example)
    timesteps, names = composed.timesteps(batch), composed.names(example, batch)
    calls = walk.calls(subject.model, encoder, batch)
    all_recurrences = recurrences.find(subject.model, encoder, batch, [timesteps])
    main = _main(all_recurrences, timesteps, composed.readers(batch))
    number, state = all_recurrences.index(main), main.states()[0]
    pool = _Pool(composed, subject.model, list(subject.pool)[:POOL])
    untrained = subject.composition(subject.untrained[subject.cell])
    return Study(
        names=names,
        answers=_answers(encoder, composed.readout(composed(batch)), answer),
        shapes=_input_shapes(composed, batch) + [_shape(call) for call in calls],
        wrong_shapes=_wrong_shapes(calls),
        recurrences=all_recurrences,
        main=main,
        final=[_final(one, calls) for one in all_recurrences],
        counts=[_count(one) for one in all_recurrences],
        vocabulary=_vocabulary(calls, composed, batch),
        state=state,
        gates=main.gates(),
        encoded=pool.encoded(number),
        similar=pool.similar(number, state, inputs),
        reading=reading.read(composed, batch, answer, target, reading.points(timesteps)),
        over_examples=reading.over_examples(composed, pool.examples[:READ], occlusion.answer_of),
        flows=_flows(subject, pool),
        clipping={start: flow.kernel_gradients(main, start == "orthogonal") for start in ("orthogonal", "random")},
        training=flow.training(main),
        effects=_effects(subject.model, composed, batch, answer),
        untrained=_effects(
            subject.untrained[subject.cell], untrained, batch, occlusion.answer_of(untrained, batch, example)
        ),
        attention=_attention(composed, batch),
        one_unit=flow.one_unit(_one_number(main.inputs[0])),
        kind=answer.kind,
    )


def _main(candidates: Sequence[Recurrence], timesteps: int, readers: Sequence[str]) -> Recurrence:
    """The last forward recurrence over the steps of the example, in one of the networks that read it."""
    fits = [one for one in candidates if one.direction == "forward" and len(one.inputs[0]) == timesteps]
    fits = [one for one in fits if one.network in readers]
    return (fits or list(candidates))[-1]


class _Pool:
    """Test examples and their recurrences; a UserError if all are empty or too long."""

    def __init__(self, composed: Composition, model: keras.Model, examples: list):
        encoder, kept = composed.encoder, []
        for example in examples:
            inputs, target = encoder.encode(example)
            count = composed.timesteps({name: np.asarray(array)[None] for name, array in inputs.items()})
            if 0 < count <= LONGEST_STEPS:
                kept.append((example, inputs, target, count))
        if not kept:
            raise UserError(
                f"None of the first {len(examples)} test examples has 1 to {LONGEST_STEPS:,} steps, over which "
                "states are compared: train on shorter sequences to inspect a network."
            )
        self.examples, self.inputs, self.targets, self.lengths = (list(column) for column in zip(*kept))
        alone = [{name: np.asarray(a)[None] for name, a in inputs.items()} for inputs in self.inputs]
        self.names = [composed.names(example, one) for example, one in zip(self.examples, alone)]
        self.readers, self.steps = composed.readers(alone[0]), composed.steps(alone[0])
        self.recurrences = recurrences.find(model, encoder, padded(self.inputs), self.lengths)

    def encoded(self, number: int) -> list[Encoded]:
        """Quantities encoded in the states of a recurrence; nothing for fewer than eight examples."""
        rows = self.recurrences[number].states()
        fitting = [i for i, row in enumerate(rows) if len(row) == len(self.names[i])]
        if len(fitting) < 8:
            return []
        rows, names = [rows[i] for i in fitting], [self.names[i] for i in fitting]
        kinds = states.quantities(names, [self.targets[i] for i in fitting])
        return [states.encoded(name, rows, values) for name, values in kinds.items()]

    def similar(self, number: int, query: np.ndarray, inputs: Mapping) -> list[list[tuple[str, float]]]:
        """For each state of an example, the steps with the most similar states in a recurrence.

        The example itself is left out, and so are steps up to which another one is equal to it: their states are the
        same. Of several steps with one context, the most similar is kept.

        Args:
            query: the states of the example, `(timesteps, units)`.
            inputs: the example, from the encoder.
        """
        rows = self.recurrences[number].states()
        texts, places, common = [], [], []
        for names, row, other in zip(self.names, rows, self.inputs):
            steps = range(min(len(row), len(names)))
            texts += [_context(names, t) for t in steps]
            places += steps
            common += [self._common_steps(inputs, other)] * len(steps)
        table = np.concatenate([row[: len(names)] for names, row in zip(self.names, rows)])
        places, common = np.array(places), np.array(common)
        allowed = ((common < len(query)) & ((places != t) | (common <= t)) for t in range(len(query)))
        return states.nearest(query, table, texts, allowed, SIMILAR)

    def _common_steps(self, one: Mapping, other: Mapping) -> int:
        """The number of steps at the beginning of two examples that are equal."""
        counts = []
        for name in self.steps:
            count = min(len(one[name]), len(other[name]))
            equal = (one[name][:count] == other[name][:count]).all(axis=tuple(range(1, one[name].ndim)))
            counts.append(count if equal.all() else int(equal.argmin()))
        return min(counts)


def _context(names: Sequence[str], step: int, before: int = 5, after: int = 2) -> str:
    """A step in brackets, with its neighbours."""
    glue = "" if all(len(name) == 1 for name in names) else " "
    first = max(0, step - before * (1 if glue else 4))
    left, right = glue.join(names[first:step]), glue.join(names[step + 1 : step + 1 + after])
    return f"{left}{glue}[{names[step]}]{glue}{right}".strip()


def _flows(subject: Subject, pool: _Pool) -> list[Flow]:
    inputs, lengths = padded(pool.inputs[:FLOWS]), pool.lengths[:FLOWS]
    models = {f"{cell}, untrained": model for cell, model in subject.untrained.items()}
    models |= {f"{cell}, trained": model for cell, model in {**subject.others, subject.cell: subject.model}.items()}
    flows = []
    for label, model in models.items():
        read = recurrences.find(model, subject.encoder, inputs, lengths)
        one = flow.flow(label, _main(read, lengths[0], pool.readers))
        if one:
            flows.append(one)
    return flows


def _effects(model: keras.Model, composed: Composition, batch, answer: Answer) -> Effects:
    attributed = Attribution(model, composed.encoder, batch, answer)
    by_answer, integrated = occlusion.occlude(composed, batch, answer), attributed.integrated()
    gradient, by_step = attributed.gradient(), by_answer.sum(axis=0)
    return Effects(gradient, by_step, integrated.effect, integrated.change, integrated.error, by_answer)


def _answers(encoder, readout: np.ndarray, answer: Answer) -> list[str]:
    if answer.kind == "number":
        return [f"{value:.4g}" for value in answer.values(readout)[0]]
    names = class_names(encoder, readout.shape[-1])
    if answer.kind == "each":
        return ["+".join(names[i] for i in np.flatnonzero(row)) or "none" for row in answer.decided]
    return [names[decided] for decided in answer.decided]


def class_names(encoder, count: int) -> list[str]:
    """The names of the classes, from the field of the encoder with as many entries; else their numbers."""
    for field in dataclasses.fields(encoder):
        part = getattr(encoder, field.name)
        if hasattr(part, "__len__") and not isinstance(part, (str, np.ndarray, list)) and len(part) == count:
            names = getattr(part, "names", None) or part.decode(range(count))
            return [str(name) for name in names]
    return [str(number) for number in range(count)]


def _input_shapes(composed: Composition, batch) -> list[tuple[str, str, str, str]]:
    rows = []
    for name, array in batch.items():
        readers = [key for key, network in composed.networks.items() if name in network.inputs]
        rows.append((", ".join(readers), name, f"input, {array.dtype}", str(array.shape)))
    return rows


def _shape(call: walk.Call) -> tuple[str, str, str, str]:
    kind = type(call.layer).__name__
    return call.network, call.layer.name, kind, ", ".join(str(tuple(output.shape)) for output in call.outputs)


def _wrong_shapes(calls: Sequence[walk.Call]) -> dict[str, str]:
    """The error messages of a recurrent layer for inputs of three wrong shapes."""
    call = next(call for call in calls if type(call.layer).__name__ == "Recurrent")
    array = np.asarray(call.arguments["inputs"])
    wrong = {
        "no batch axis": array[0],
        "one feature too many": np.concatenate([array, array[..., :1]], axis=-1),
        "one axis too many": array[None],
    }
    return {f"{name}, {inputs.shape}": _error_message(call.layer, inputs) for name, inputs in wrong.items()}


def _error_message(layer: keras.Layer, inputs: np.ndarray) -> str:
    """The first line of the error that a layer raises for these inputs."""
    try:
        layer(inputs)
    except (ValueError, TypeError, tf.errors.OpError) as error:
        lines = [_CODES.sub("", line) for line in str(error).splitlines() if line.strip()]
        return next((line for line in lines if not line.startswith("Exception encountered")), lines[0])
    return "no error"


_CODES = re.compile(r"\x1b\[[0-9;]*m|\{\{.*?\}\} ?| ?\[Op:\w+\]")  # of terminals and TensorFlow


def _final(one: Recurrence, calls: Sequence[walk.Call]) -> tuple[str, int, str, float]:
    (output,) = [np.asarray(call.outputs[0]) for call in calls if call.layer.name == one.layer]
    rows, backward = one.states()[0], one.direction == "backward"
    part = output[0, ..., -one.units :] if backward else output[0, ..., : one.units]
    place = 0 if backward else len(rows) - 1
    where = ("the first step" if backward else "the last step") if part.ndim > 1 else "its only output"
    final = part[place] if part.ndim > 1 else part
    return one.title, len(rows), where, float(np.abs(final - rows[place]).max())


def _count(one: Recurrence) -> tuple[str, str, int, int]:
    expected = counting.weights(one.cell, one.features, one.units)
    actual = sum(weight.size for weight in one.weights)
    return one.title, counting.formula(one.cell, one.features, one.units), expected, actual


def _vocabulary(calls: Sequence[walk.Call], composed: Composition, batch) -> int:
    embeddings = [call.layer.input_dim for call in calls if isinstance(call.layer, keras.layers.Embedding)]
    array = batch[composed.steps(batch)[0]]
    return embeddings[0] if array.ndim == 2 and embeddings else int(np.prod(array.shape[2:]))


def _attention(composed: Composition, batch) -> np.ndarray | None:
    for outputs in composed(batch).values():
        if "attention" in outputs:
            weights = outputs["attention"][0]
            return weights if weights.ndim > 1 else weights[None]
    return None


def _one_number(inputs: np.ndarray) -> np.ndarray:
    """The feature with the largest variance, scaled to the range from -1 to 1: one number per step."""
    if not len(inputs):
        return np.zeros(0)
    column = inputs[:, inputs.std(axis=0).argmax()]
    return column / max(np.abs(column).max(), 1e-12)
