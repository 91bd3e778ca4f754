"""Everything that `inspect` shows of one example and a trained model, as numbers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from common.insight import attribution, counting, flow, occlusion, reading, recurrences, states, walk
from common.insight.attribution import Attribution
from common.insight.composition import Answer, Composition
from common.insight.flow import Flow
from common.insight.recurrences import Recurrence
from common.insight.states import Followed
from common.prediction import keras_networks
from common.prediction.networks import padded

POOL = 200  # test examples whose states are looked at
READ = 24  # test examples that are read bit by bit
FLOWS = 8  # examples in which errors are followed
MOST_SHOWN = 600  # steps on the interactive page
LONGEST_STEPS = 1024  # of an example; what comes after is left out of the pictures
SIMILAR = 3  # states shown beside each state


@dataclasses.dataclass(frozen=True)
class Effects:
    """How much each step moves the answer, by three measures; float64 `(steps,)` each."""

    gradient: np.ndarray
    occlusion: np.ndarray
    integrated: np.ndarray
    completeness_error: float  # of the integrated gradients, a fraction
    by_answer: np.ndarray  # occlusion, (answers, steps)

    @property
    def agreement(self) -> dict[str, float]:
        """Rank correlations of the three."""
        effects = {"gradient": self.gradient, "occlusion": self.occlusion, "integrated gradients": self.integrated}
        return attribution.agreement(effects)


@dataclasses.dataclass(frozen=True)
class Study:
    """What was found.

    Attributes:
        names: of the steps of the example.
        answers: what the model answered, one text for each answer.
        shapes: a row for each call of a layer: network, layer, kind, shape of what it gives.
        wrong_shapes: what the recurrent layer says when it gets an array of a wrong shape: shape to message.
        recurrences: of the example, all of them.
        main: the one whose states are shown.
        final: for each recurrence its title, the steps it read, where its last state stands among the outputs of the
            layer, and by how much the output there differs from the state computed by hand.
        counts: a row for each recurrence: title, formula, result, weights that the layer has.
        vocabulary: size of a one-hot step, or features of a step.
        state, gates: of the main recurrence, `(timesteps, units)`.
        followed: quantities and the units that follow them.
        similar: for each step, texts of the test set after which the state is most alike, with the cosine.
        reading, over_examples: the answer after each step.
        flows: gradient through time.
        clipping: start ("orthogonal", "random") to norms of dL/dW by flow.GAINS.
        training: "without clipping" and "clipped" to the losses of a short training from a kernel that explodes.
        effects, untrained: of the trained and of an untrained network.
        attention: `(answers, steps)` or None.
        one_unit: rows of the trace.
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
    followed: list[Followed]
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


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model and what belongs to it.

    Attributes:
        model: trained.
        fresh: cell to an untrained model with that cell.
        others: trained models of the same data with other cells, by cell.
        cell: of the model.
        encoder: of the run.
        pool: examples that training did not see.
    """

    model: keras.Model
    fresh: Mapping[str, keras.Model]
    others: Mapping[str, keras.Model]
    cell: str
    encoder: object
    pool: Sequence

    def composition(self, model: keras.Model) -> Composition:
        return Composition(keras_networks.of_model(model), self.encoder)


def study(subject: Subject, example) -> Study:
    """Look at one example."""
    encoder, whole = subject.encoder, subject.composition(subject.model)
    inputs, target = encoder.encode(example)
    batch = whole.complete(inputs)
    answer = occlusion.answer_of(whole, batch, example)
    timesteps, names = whole.timesteps(batch), whole.names(example, batch)
    calls = walk.calls(subject.model, encoder, batch)
    found = recurrences.find(subject.model, encoder, batch, [timesteps])
    main = _main(found, timesteps, whole.readers(batch))
    state = main.states()[0]
    pool = _Pool(whole, subject.model, list(subject.pool)[:POOL])
    fresh = subject.composition(subject.fresh[subject.cell])
    return Study(
        names=names,
        answers=_answers(encoder, whole.readout(whole(batch)), answer),
        shapes=[_shape(call) for call in calls],
        wrong_shapes=_wrong_shapes(calls),
        recurrences=found,
        main=main,
        final=[_final(one, calls) for one in found],
        counts=[_count(one) for one in found],
        vocabulary=_vocabulary(calls, whole, batch),
        state=state,
        gates=main.gates(),
        followed=pool.followed(found.index(main)),
        similar=pool.similar(found.index(main), state),
        reading=reading.read(whole, batch, answer, target, reading.points(timesteps)),
        over_examples=reading.over_examples(whole, pool.examples[:READ], occlusion.answer_of),
        flows=_flows(subject, pool),
        clipping={start: flow.kernel_gradients(main, start == "orthogonal") for start in ("orthogonal", "random")},
        training={
            "without clipping": flow.training(main, limit=np.inf),
            "clipped": flow.training(main, limit=flow.CLIP),
        },
        effects=_effects(subject.model, whole, batch, answer),
        untrained=_effects(subject.fresh[subject.cell], fresh, batch, occlusion.answer_of(fresh, batch, example)),
        attention=_attention(whole, batch),
        one_unit=flow.one_unit(_one_number(main.inputs[0])),
        kind=answer.kind,
    )


def _main(found: Sequence[Recurrence], timesteps: int, readers: Sequence[str]) -> Recurrence:
    """The last forward recurrence over the steps of the example, in one of the networks that read it."""
    fits = [one for one in found if one.direction == "forward" and len(one.inputs[0]) == timesteps]
    fits = [one for one in fits if one.network in readers]
    return (fits or list(found))[-1]


class _Pool:
    """The states of many examples."""

    def __init__(self, whole: Composition, model: keras.Model, examples: list):
        encoder, kept = whole.encoder, []
        for example in examples:
            inputs, target = encoder.encode(example)
            count = whole.timesteps({name: np.asarray(array)[None] for name, array in inputs.items()})
            if 0 < count <= LONGEST_STEPS:
                kept.append((example, inputs, target, count))
        self.examples, self.inputs, self.targets, self.lengths = (list(column) for column in zip(*kept))
        alone = [{name: np.asarray(a)[None] for name, a in inputs.items()} for inputs in self.inputs]
        self.names = [whole.names(example, one) for example, one in zip(self.examples, alone)]
        self.readers = whole.readers(alone[0])
        self.found = recurrences.find(model, encoder, padded(self.inputs), self.lengths)

    def followed(self, number: int) -> list[Followed]:
        rows = self.found[number].states()
        fitting = [i for i, row in enumerate(rows) if len(row) == len(self.names[i])]
        if len(fitting) < 8:
            return []
        rows, names = [rows[i] for i in fitting], [self.names[i] for i in fitting]
        kinds = states.quantities(names, [self.targets[i] for i in fitting])
        return [states.followed(name, rows, values) for name, values in kinds.items()]

    def similar(self, number: int, query: np.ndarray) -> list[list[tuple[str, float]]]:
        rows = self.found[number].states()
        texts = [_context(names, t) for names, row in zip(self.names, rows) for t in range(min(len(row), len(names)))]
        table = np.concatenate([row[: len(names)] for names, row in zip(self.names, rows)])
        order, cosines = states.nearest(query, table, SIMILAR)
        return [
            [(texts[i], float(cosine)) for i, cosine in zip(*pair)] for pair in zip(order.tolist(), cosines.tolist())
        ]


def _context(names: Sequence[str], step: int, before: int = 5, after: int = 2) -> str:
    """A step among its neighbours."""
    glue = "" if all(len(name) == 1 for name in names) else " "
    first = max(0, step - before * (1 if glue else 4))
    left, right = glue.join(names[first:step]), glue.join(names[step + 1 : step + 1 + after])
    return f"{left}{glue}[{names[step]}]{glue}{right}".strip()


def _flows(subject: Subject, pool: _Pool) -> list[Flow]:
    inputs, lengths = padded(pool.inputs[:FLOWS]), pool.lengths[:FLOWS]
    models = {f"{cell}, untrained": model for cell, model in subject.fresh.items()}
    models |= {f"{cell}, trained": model for cell, model in {**subject.others, subject.cell: subject.model}.items()}
    found = []
    for label, model in models.items():
        read = recurrences.find(model, subject.encoder, inputs, lengths)
        one = flow.flow(label, _main(read, lengths[0], pool.readers))
        found += [one] if one else []
    return found


def _effects(model: keras.Model, whole: Composition, batch, answer: Answer) -> Effects:
    attributed = Attribution(model, whole.encoder, batch, answer)
    by_answer, integrated = occlusion.occlude(whole, batch, answer), attributed.integrated()
    return Effects(attributed.gradient(), by_answer.sum(axis=0), integrated.effect, integrated.error, by_answer)


def _answers(encoder, readout: np.ndarray, answer: Answer) -> list[str]:
    if answer.kind == "number":
        return [f"{value:.4g}" for value in answer.values(readout)[0]]
    names = class_names(encoder, readout.shape[-1])
    if answer.kind == "each":
        return ["+".join(names[i] for i in np.flatnonzero(row)) or "none" for row in answer.decided]
    return [names[decided] for decided in answer.decided]


def class_names(encoder, count: int) -> list[str]:
    """What the classes are called: by the part of the encoder that has as many, else by their numbers."""
    for field in dataclasses.fields(encoder):
        part = getattr(encoder, field.name)
        if hasattr(part, "__len__") and not isinstance(part, (str, np.ndarray, list)) and len(part) == count:
            names = getattr(part, "names", None) or part.decode(range(count))
            return [str(name) for name in names]
    return [str(number) for number in range(count)]


def _shape(call: walk.Call) -> tuple[str, str, str, str]:
    kind = type(call.layer).__name__
    return call.network, call.layer.name, kind, ", ".join(str(tuple(output.shape)) for output in call.outputs)


def _wrong_shapes(calls: Sequence[walk.Call]) -> dict[str, str]:
    """What a recurrent layer says to one sequence without a batch, and to a batch of vectors without timesteps."""
    call = next(call for call in calls if type(call.layer).__name__ == "Recurrent")
    array = np.asarray(call.arguments["inputs"])
    wrong = {
        "one sequence without the axis of the batch": array[0],
        "one more feature": np.concatenate([array, array[..., :1]], axis=-1),
        "an axis too many": array[None],
    }
    return {f"{name}, {given.shape}": _refusal(call.layer, given) for name, given in wrong.items()}


def _refusal(layer: keras.Layer, given: np.ndarray) -> str:
    """The first line of what a layer says to an array."""
    try:
        layer(given)
    except (ValueError, TypeError, tf.errors.OpError) as error:
        lines = [_CODES.sub("", line) for line in str(error).splitlines() if line.strip()]
        return next((line for line in lines if not line.startswith("Exception encountered")), lines[0])
    return "nothing: it reads it"


_CODES = re.compile(r"\x1b\[[0-9;]*m|\{\{.*?\}\} ?| ?\[Op:\w+\]")  # of terminals and of TensorFlow


def _final(one: Recurrence, calls: Sequence[walk.Call]) -> tuple[str, int, str, float]:
    (output,) = [np.asarray(call.outputs[0]) for call in calls if call.layer.name == one.layer]
    rows, backward = one.states()[0], one.direction == "backward"
    part = output[0, ..., -one.units :] if backward else output[0, ..., : one.units]
    place = 0 if backward else len(rows) - 1
    where = ("the first step" if backward else "the last step") if part.ndim > 1 else "its only output"
    there = part[place] if part.ndim > 1 else part
    return one.title, len(rows), where, float(np.abs(there - rows[place]).max())


def _count(one: Recurrence) -> tuple[str, str, int, int]:
    said = counting.weights(one.cell, one.features, one.units)
    has = sum(weight.size for weight in one.weights)
    return one.title, counting.formula(one.cell, one.features, one.units), said, has


def _vocabulary(calls: Sequence[walk.Call], whole: Composition, batch) -> int:
    embeddings = [call.layer.input_dim for call in calls if isinstance(call.layer, keras.layers.Embedding)]
    array = batch[whole.steps(batch)[0]]
    return embeddings[0] if array.ndim == 2 and embeddings else int(np.prod(array.shape[2:]))


def _attention(whole: Composition, batch) -> np.ndarray | None:
    for outputs in whole(batch).values():
        if "attention" in outputs:
            weights = outputs["attention"][0]
            return weights if weights.ndim > 1 else weights[None]
    return None


def _one_number(inputs: np.ndarray) -> np.ndarray:
    """One number for each step, between -1 and 1: the feature that varies most."""
    if not len(inputs):
        return np.zeros(0)
    column = inputs[:, inputs.std(axis=0).argmax()]
    return column / max(np.abs(column).max(), 1e-12)
