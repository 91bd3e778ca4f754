"""Files of a user's own, as a test writes them and a task reads them."""

from common.datasets import reading
from common.datasets.reading import Reading
from common.task import load_task


def texts(found):
    return [str(example) for example in found]


def read(tmp_path, task, name, content, labelled=True, columns=None):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with reading.reading(Reading(columns)) as said:
        return list(load_task(task).own_file.read(path, labelled)), said
