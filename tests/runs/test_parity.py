"""The comparison of a trained model with its ONNX files: only matching files are accepted."""

import dataclasses

import keras
import numpy as np
import pytest

from common.prediction import keras_networks
from common.prediction.networks import Input, Networks
from common.prediction.onnx_networks import OnnxNetwork
from common.runs import onnx_files, onnx_own_layers, onnx_writer, parity
from tests import small


def checked(name, damage=lambda networks: networks, **changes):
    """What the gate says of a small model of the task and its exported networks."""
    task, _, few, encoder = small.setting(name)
    model, config = small.model(name, **changes)
    exported = {network: OnnxNetwork(content) for network, content in onnx_writer.files_of(model).items()}
    exported = damage(Networks(exported, onnx_files.ENGINE, 0))
    return parity.check(task, config, encoder, model, exported, few.train)


@pytest.mark.parametrize(("cell", "order"), [("lstm", (0, 1, 2, 3)), ("gru", (1, 0, 2))])
def test_gates_in_the_wrong_order_are_refused(cell, order, monkeypatch):
    monkeypatch.setitem(onnx_own_layers.GATES, cell, order)
    with pytest.raises(parity.ParityError, match=r"network encoder.* differs by .* is allowed"):
        checked("translation", cell=cell)


def test_a_reset_before_the_product_is_refused(monkeypatch):
    make = onnx_own_layers.Graph.node

    def node(self, kind, *inputs, linear_before_reset=0, **attributes):
        return make(self, kind, *inputs, **attributes)

    def damaged(model):
        for weight in model.weights:
            if weight.name == "bias":
                weight.assign(np.random.default_rng(0).normal(size=weight.shape))
        return model

    monkeypatch.setattr(onnx_own_layers.Graph, "node", node)
    build = small.model
    monkeypatch.setattr(small, "model", lambda *a, **k: (lambda m, c: (damaged(m), c))(*build(*a, **k)))
    with pytest.raises(parity.ParityError, match="differs"):
        checked("sentiment", cell="gru")


class Changed:
    """A network whose outputs are changed by a function of inputs and outputs."""

    def __init__(self, network, change):
        self.network, self.inputs, self.change = network, network.inputs, change

    def __call__(self, inputs):
        return self.change(inputs, self.network(inputs))


def changed(change):
    return lambda networks: Networks({n: Changed(one, change) for n, one in networks.items()}, networks.engine, 0)


def of_empty_rows(inputs, outputs):
    """The output of a native node for a row without timesteps, if it is not treated separately."""
    return np.where((inputs["token_ids"] != 0).any(axis=1, keepdims=True), outputs, outputs + 1)


@pytest.mark.parametrize(
    "change",
    [
        of_empty_rows,
        lambda inputs, outputs: outputs + 2e-4 * (len(outputs) == 64),
        lambda inputs, outputs: outputs + 2e-4 * (len(outputs) == 1),
        lambda inputs, outputs: outputs * np.nan,
        lambda inputs, outputs: outputs.astype(np.float64),
        lambda inputs, outputs: outputs[:, :1],
    ],
    ids=["a row without timesteps", "a large batch", "one row", "not a number", "another type", "another shape"],
)
def test_what_differs_in_one_kind_of_batch_is_refused(change):
    with pytest.raises(parity.ParityError, match="network model"):
        checked("sentiment", changed(change))


def test_decisions_must_agree_even_where_numbers_may_differ(monkeypatch):
    """A tolerance that is too generous does not let another label through."""
    monkeypatch.setattr(parity, "_compared", lambda *given: (0.0, 0.0))
    with pytest.raises(parity.ParityError, match=r"the prediction for '.*' is another"):
        checked("sentiment", changed(lambda inputs, outputs: outputs[:, ::-1]))


def test_a_model_whose_rounding_errors_grow_has_more_room():
    """Its own answers change by more than the least tolerance when the last digits of its weights do."""
    task, _, few, encoder = small.setting("sentiment")
    model, config = small.model("sentiment", units=32)
    before = model.get_weights()
    wild = [weight.name == "recurrent_kernel" or "recurrent_kernel" in weight.name for weight in model.weights]
    model.set_weights([3 * value if grows else value for value, grows in zip(before, wild)])
    given = model.get_weights()
    exported = Networks({n: OnnxNetwork(c) for n, c in onnx_writer.files_of(model).items()}, onnx_files.ENGINE, 0)
    longer = [dataclasses.replace(e, text=" ".join([e.text] * 20)) for e in few.train[:16]]
    found = parity.check(task, config, encoder, model, exported, longer)
    assert found.largest_tolerance > parity.TOLERANCE
    assert all(np.array_equal(one, other) for one, other in zip(model.get_weights(), given))  # nothing stays changed


def test_batches_have_rows_without_timesteps_and_with_one():
    network = keras_networks.KerasNetwork(keras.Model(x := keras.Input((None,), name="x"), x * 2))
    assert network.inputs == {"x": Input((None, None), np.dtype("float32"))}
    batches = list(parity._batches(network, {"x": np.ones((2, 5), np.float32)}))
    assert [len(batch["x"]) for batch in batches] == [2, 1, 3, 64]
    assert batches[0]["x"].all()
    assert [row.sum() for row in batches[2]["x"]] == [5, 0, 1]
    assert batches[3]["x"][3:].all()
