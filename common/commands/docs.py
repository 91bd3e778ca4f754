"""`docs`: recompute every number and figure of the teaching documents, and regenerate the notebook."""

from __future__ import annotations

from common import backend, files, folders
from common.commands import console_output
from common.errors import UserError

CHAPTERS = folders.REPOSITORY / "docs" / "recurrent-networks.md"
QUESTIONS, MEMORY = CHAPTERS.with_name("questions.md"), CHAPTERS.with_name("probes.md")
NOTEBOOK = folders.REPOSITORY / "notebooks" / "recurrent_networks.ipynb"


def run() -> None:
    """Update the chapters, the questions, the text about the memory probes, the figures and the notebook.

    Raises:
        UserError: if a document differed from the results of the code; the document has been updated.
    """
    console = console_output.console()
    backend.load()
    import tensorflow as tf

    from common.lessons import characters, documents, figures, forecasts, mechanics, order, recorded, samples

    tf.get_logger().setLevel("ERROR")  # suppresses warnings of functions traced for several models
    measured = {}
    for part in (recorded, mechanics, characters, order, forecasts, samples):
        console.print(f"computing {part.__name__.split('.')[-1]} ...", highlight=False)
        measured |= part.measure()
    stale, used = [], set()
    for file in (CHAPTERS, QUESTIONS, MEMORY):
        text = file.read_text(encoding="utf-8")
        used.update(name for name, _ in documents.NUMBER.findall(text))
        text, numbers = documents.renewed(text, measured)
        text, outputs = documents.run_blocks(text)
        stale += [f"{file.name}: {line}" for line in numbers + outputs]
        files.write_text(file, text)
    stale += [f"{name}: no document uses it" for name in sorted(set(measured) - used)]
    for path in figures.write(CHAPTERS.parent / "pictures"):
        console.print(f"drew {console_output.relative(path)}", highlight=False)
    content = documents.notebook(CHAPTERS.read_text(encoding="utf-8"))
    stale += [f"{NOTEBOOK.name}: {line}" for line in documents.run_notebook(content)]
    files.write_json(NOTEBOOK, content)
    for line in stale:
        console.print(line, highlight=False, soft_wrap=True)
    if stale:
        raise UserError(
            f"{len(stale)} parts of the documents were out of date and are updated; see above and git diff."
        )
