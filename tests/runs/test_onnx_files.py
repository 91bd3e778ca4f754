"""ONNX files of a run folder: written whole, read with suspicion."""

import json
import sys
import tracemalloc

import numpy as np
import onnx
import pytest
from onnx import helper

from common.errors import UserError
from common.prediction.onnx_networks import OnnxNetwork
from common.runs import onnx_check, onnx_files, onnx_own_layers, onnx_writer
from common.runs.run import Run
from common.task import task_names
from tests import small


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A run folder with the files of a small sentiment model."""
    task, _, few, encoder = small.setting("sentiment")
    model, config = small.model("sentiment")
    run = Run(tmp_path_factory.mktemp("run"))
    assert onnx_files.write(run, task, config, encoder, model, few.train) is None
    return run


@pytest.fixture
def run(written, tmp_path):
    """A copy of it that a test may damage."""
    for file in written.path.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return Run(tmp_path)


def test_a_folder_holds_the_networks_and_what_was_compared(run):
    assert sorted(file.name for file in run.path.iterdir()) == ["model.onnx", "networks.json"]
    found = onnx_files.load(run)
    assert list(found) == ["model"] and found.engine == "ONNX Runtime" and found.parameters > 1000
    described = json.loads(run.networks_file.read_text())
    assert described["parity"]["decisions"] + described["parity"]["undecided"] == 24
    assert found["model"]({"token_ids": np.ones((2, 3), np.int32)}).shape == (2, 2)


def test_nothing_is_written_if_onnx_answers_otherwise(tmp_path, monkeypatch):
    task, _, few, encoder = small.setting("sentiment")
    model, config = small.model("sentiment", cell="lstm")
    monkeypatch.setitem(onnx_own_layers.GATES, "lstm", (3, 1, 2, 0))
    reason = onnx_files.write(Run(tmp_path), task, config, encoder, model, few.train)
    assert reason.startswith("ONNX Runtime does not answer as Keras does: network model differs by")
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_for_a_layer_that_is_not_known(tmp_path, monkeypatch):
    task, _, few, encoder = small.setting("sentiment")
    model, config = small.model("sentiment")
    monkeypatch.delitem(onnx_writer.LAYERS, onnx_own_layers.layers.MaskedAveragePooling)
    reason = onnx_files.write(Run(tmp_path), task, config, encoder, model, few.train)
    assert reason.startswith("the ONNX writer does not know layer masked_average_pooling")
    assert reason.endswith("of class MaskedAveragePooling")
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_that_is_too_large_to_be_read(tmp_path, monkeypatch):
    task, _, few, encoder = small.setting("sentiment")
    model, config = small.model("sentiment")
    monkeypatch.setattr(onnx_files, "LARGEST", onnx_files._ROOM)
    reason = onnx_files.write(Run(tmp_path), task, config, encoder, model, few.train)
    assert reason == "its ONNX files would be larger than the 64 MiB that are read"
    assert not list(tmp_path.iterdir())


def test_an_empty_batch_does_not_end_the_process(run):
    with pytest.raises(ValueError, match="at least one row"):
        onnx_files.load(run)["model"]({"token_ids": np.zeros((0, 3), np.int32)})


def test_a_large_batch_is_cut_into_parts_and_put_together_again(run, monkeypatch):
    network = onnx_files.load(run)["model"]
    token_ids = np.random.default_rng(0).integers(0, 9, (101, 7)).astype(np.int32)
    monkeypatch.setattr(sys.modules[OnnxNetwork.__module__], "CORES", 1)
    whole = network({"token_ids": token_ids})
    for cores in (2, 3, 8):
        monkeypatch.setattr(sys.modules[OnnxNetwork.__module__], "CORES", cores)
        np.testing.assert_allclose(network({"token_ids": token_ids}), whole, atol=1e-6)


# ------------------------------------------------------------------------------------------- What is not ours


def damaged(run, change):
    """The folder whose file was changed by a function of the model."""
    path = onnx_files.path_of(run, "model")
    model = onnx.load_model_from_string(path.read_bytes())
    change(model)
    path.write_bytes(model.SerializeToString())
    return run


def external(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def foreign(model):
    model.graph.node[0].domain = "com.microsoft"


def looping(model):
    body = helper.make_graph([], "body", [], [])
    model.graph.node.add().CopyFrom(helper.make_node("Loop", ["a", "b"], ["c"], body=body))


def newer(model):
    model.opset_import[0].version = 21


def newer_format(model):
    model.ir_version = 11


def second_opset(model):
    model.opset_import.add(domain="mine", version=1)


def with_function(model):
    model.functions.add(name="f", domain="mine")


def cyclic(model):
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]


def identity(kind):
    """Makes the file that of a network which returns its input, a vector of this type."""
    inputs, outputs = ([helper.make_tensor_value_info(name, kind, [None])] for name in "ab")
    return lambda model: _replace(model, [helper.make_node("Identity", ["a"], ["b"])], inputs, outputs)


def with_one_number(model):
    kind = helper.make_tensor_value_info("a", onnx.TensorProto.FLOAT, [None])
    result = helper.make_tensor_value_info("b", onnx.TensorProto.FLOAT, [])
    _replace(model, [helper.make_node("ReduceMean", ["a"], ["b"], keepdims=0)], [kind], [result])


def without_input(model):
    result = helper.make_tensor_value_info("b", onnx.TensorProto.FLOAT, [1])
    _replace(model, [helper.make_node("Constant", [], ["b"], value_floats=[1.0])], [], [result])


def _replace(model, nodes, inputs, outputs):
    model.graph.Clear()
    model.graph.name = "graph"
    model.graph.node.extend(nodes)
    model.graph.input.extend(inputs)
    model.graph.output.extend(outputs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (external, "field 13 of tensor"),
        (foreign, "operators of 'com.microsoft'"),
        (looping, "field 6 of attribute"),
        (newer, "opset 17"),
        (newer_format, "IR version 8"),
        (second_opset, "opset 17, not .8. and .17, 1."),
        (with_function, "field 25 of model"),
        (cyclic, "was not written by a training"),
        (identity(onnx.TensorProto.STRING), r"a is tensor\(string\) .*, not a batch of arrays of numbers"),
        (identity(onnx.TensorProto.FLOAT16), r"a is tensor\(float16\) .*, not a batch of arrays of numbers"),
        (with_one_number, r"b is tensor\(float\) \[\], not a batch of arrays of numbers"),
        (without_input, "model has no inputs"),
    ],
)
def test_what_the_writer_never_writes_is_refused(run, change, message):
    with pytest.raises(UserError, match=message) as refused:
        onnx_files.load(damaged(run, change))
    assert "\n" not in str(refused.value)


def test_a_file_of_empty_fields_takes_no_memory():
    """Two bytes each: whatever is kept of every field takes fifty times the size of the file."""
    for content in (b"\x12\x00" * 500_000, b"\x08\x07" * 500_000, b"\x42\x02\x10\x07" * 250_000):
        tracemalloc.start()
        try:
            assert "IR version 8" in onnx_check.objection(content)
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()


def test_damaged_and_missing_files_are_refused_in_one_line(run):
    path = onnx_files.path_of(run, "model")
    content = path.read_bytes()
    for damage in (b"", b"not onnx at all", content[: len(content) // 2], content[:-1], b"\x08" + b"\xff" * 20):
        path.write_bytes(damage)
        with pytest.raises(UserError, match="train again") as refused:
            onnx_files.load(run)
        assert "\n" not in str(refused.value)
    path.unlink()
    with pytest.raises(UserError, match=r"model\.onnx is missing"):
        onnx_files.load(run)


def test_a_file_that_is_too_large_is_not_read(run, monkeypatch):
    monkeypatch.setattr(onnx_files, "LARGEST", 100)
    with pytest.raises(UserError, match="larger than"):
        onnx_files.load(run)


@pytest.mark.parametrize(
    "described",
    [[], {}, {"networks": [], "parameters": 1}, {"networks": ["../model"], "parameters": 1}, {"networks": ["model"]}],
    ids=str,
)
def test_a_list_of_networks_that_is_not_one_is_refused(run, described):
    run.networks_file.write_text(json.dumps(described))
    with pytest.raises(UserError, match=r"[tT]rain again"):
        onnx_files.load(run)


def test_networks_that_do_not_fit_the_task_are_refused(run):
    """Those of another task: by the names of the networks, of their inputs, and by what they read."""
    for name, message in (
        ("translation", "no network 'encoder', only model"),
        ("stock_forecast", "lacks its input 'token_ids'"),
    ):
        task, config, few, encoder = small.setting(name)
        with pytest.raises(UserError, match=message):
            task.predict(config, onnx_files.load(run), encoder, few.test[:2])
    with pytest.raises(UserError, match="Network model cannot read this"):
        onnx_files.load(run)["model"]({"token_ids": np.zeros((1, 2, 3), np.int32)})


@pytest.mark.parametrize("name", task_names())
def test_the_sizes_that_an_encoder_counts_on_are_those_of_its_networks(name):
    """Each is found in a network, so that an encoder of other sizes is refused."""
    *_, encoder = small.setting(name)
    contents = onnx_writer.files_of(small.model(name)[0])
    networks = [OnnxNetwork(content, network) for network, content in contents.items()]
    found = [size for network in networks for size in network.sizes]
    found += [size for content in contents.values() for size in onnx_check.tables(content)]
    assert {name for name, _ in found} >= encoder.network_sizes().keys()
    encoder.check_sizes(found)
    for name, size in encoder.network_sizes().items():
        with pytest.raises(UserError, match=rf"\AThe encoder of this run has .* {name}, its network .*: train again"):
            encoder.check_sizes([(name, size - 1)])
    ids = [name for network in networks for name in network.inputs if name.endswith("_ids")]
    assert set(ids) <= encoder.network_sizes().keys()  # a vocabulary that nobody compares
