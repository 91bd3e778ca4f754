"""The ONNX files of a run: written only if their outputs match Keras, and treated as untrusted when read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common import files
from common.errors import UserError, one_line
from common.prediction.networks import Networks
from common.runs import contents, onnx_check
from common.runs.run import Run
from common.task import Task, TrainConfig

ENGINE = "ONNX Runtime"
LARGEST = 1 << 30  # bytes of a file
_ROOM = 64 << 20  # bytes of it for the graph, beside the weights


def write(run: Run, task: Task, config: TrainConfig, encoder, model, held_out: Sequence) -> str | None:
    """Write the networks of a model, if the outputs of ONNX Runtime match those of Keras.

    Args:
        model: the trained keras.Model.
        held_out: examples not used in training, on which both are compared.

    Returns:
        None, or in a few words why they were not written; the run then predicts with Keras.
    """
    from common.prediction.onnx_networks import ERRORS, OnnxNetwork
    from common.runs import onnx_writer, parity
    from common.runs.onnx_graph import UnknownLayerError

    if 4 * model.count_params() > LARGEST - _ROOM:
        return f"its ONNX files would be larger than the {LARGEST >> 20} MiB that are read"
    try:
        contents = onnx_writer.files_of(model)
    except UnknownLayerError as error:
        return f"the ONNX writer does not know {error}"
    try:
        exported = {name: OnnxNetwork(content, name) for name, content in contents.items()}
        networks = Networks(exported, ENGINE, model.count_params())
        found = parity.check(task, config, encoder, model, networks, held_out)
    except parity.ParityError as error:
        return f"ONNX Runtime does not answer as Keras does: {error}"
    except ERRORS as error:
        return f"ONNX Runtime cannot compute it: {one_line(error)}"
    for name, content in contents.items():
        with files.written(path_of(run, name)) as temporary:
            temporary.write_bytes(content)
    described = {"networks": list(contents), "parameters": model.count_params(), "parity": vars(found)}
    files.write_json(run.networks_file, described)  # last, since an incomplete set does not count
    return None


def path_of(run: Run, name: str) -> Path:
    """The file of that network."""
    return run.path / f"{name}.onnx"


def load(run: Run) -> Networks:
    """The networks of a run, computed by ONNX Runtime; `sizes` of each holds the rows of its tables too.

    Raises:
        UserError: if a file is missing or damaged, or contains what `write` never writes.
    """
    described = contents.networks(run.networks_file)
    found = {name: _network(path_of(run, name)) for name in described["networks"]}
    return Networks(found, ENGINE, described["parameters"])


def _network(path: Path):
    from common.prediction.onnx_networks import ERRORS, OnnxNetwork

    content = checked(path)
    try:
        network = OnnxNetwork(content, path.stem)
    except ERRORS as error:
        raise _unfit(path, one_line(error)) from None
    network.sizes += onnx_check.tables(content)
    return network


def checked(path: Path) -> bytes:
    """The content of an ONNX file that contains only what the writer could have written.

    It references no other file and has no custom operators and no loops.

    Raises:
        UserError: if it contains anything else.
    """
    content = files.read_bytes(path, LARGEST)
    if reason := onnx_check.objection(content):
        raise _unfit(path, reason)
    return content


def _unfit(path: Path, reason: str) -> UserError:
    return UserError(f"{path} was not written by a training of this project ({reason}): train again.")
