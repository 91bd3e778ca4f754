"""The documents that teach: the output of their code, the source of their numbers, and the notebook."""

import json
import re

import pytest

from common import files
from common.commands.docs import CHAPTERS, MEMORY, NOTEBOOK, QUESTIONS
from common.lessons import documents
from common.lessons.documents import Measured, number

TEXT = """## One

It is <!--=half-->0.50<!--/-->, or so.

```python
x = 2
print(x)
```

```text
3
```

```python
print(x + 1)
```

## Two

```python
y = 1
```
"""


def test_numbers_are_renewed_and_named():
    text, stale = documents.renewed(TEXT, {"half": number(0.75)})
    assert "<!--=half-->0.75<!--/-->" in text
    assert stale == ["half: the document says '0.50', the code '0.75'"]
    assert documents.renewed(text, {"half": number(0.75)}) == (text, [])
    assert documents.renewed(TEXT, {}) == (TEXT, ["half: no code computes it"])


def test_a_number_within_its_tolerance_stays():
    assert documents.renewed(TEXT, {"half": number(0.51, tolerance=0.02)}) == (TEXT, [])
    assert documents.renewed(TEXT, {"half": number(0.53, tolerance=0.02)})[1]
    assert number(12_345.0, 0, tolerance=1).agrees("12,344")
    assert not Measured("(3, 4)", tolerance=1).agrees("(3, 5)")
    assert not number(1.0, tolerance=1).agrees("?")
    assert Measured("one long line").agrees("one long\nline")


def test_outputs_are_renewed_and_a_chapter_shares_its_names():
    text, stale = documents.run_blocks(TEXT)
    assert "print(x)\n```\n\n```text\n2\n```" in text and "print(x + 1)\n```\n\n```text\n3\n```" in text
    assert len(stale) == 2
    assert documents.run_blocks(text) == (text, [])
    with pytest.raises(NameError):
        documents.run_blocks(text.replace("y = 1", "y = x"))


def test_notebook_keeps_text_code_and_output():
    text, _ = documents.run_blocks(TEXT)
    content = documents.notebook(text)
    kinds = [cell["cell_type"] for cell in content["cells"]]
    assert kinds == ["code", "markdown", "code", "code", "markdown", "code"]
    assert "".join(content["cells"][1]["source"]) == "## One\n\nIt is 0.50, or so."
    assert content["cells"][2]["outputs"][0]["text"] == ["2\n"]
    assert documents.run_notebook(content) == []
    content["cells"][2]["outputs"][0]["text"] = ["4\n"]
    assert documents.run_notebook(content) == ["cell-2: '4\\n' is stored, '2\\n' is printed"]


@pytest.mark.parametrize("file", [CHAPTERS, QUESTIONS], ids=lambda file: file.stem)
def test_code_of_a_document_prints_its_output(file):
    text = file.read_text(encoding="utf-8")
    renewed, stale = documents.run_blocks(text)
    assert stale == [] and renewed == text


@pytest.mark.xdist_group("sentiment")
def test_code_of_own_data_predicts_with_a_run(run_of):
    run_of("sentiment")
    ((code, _),) = documents.BLOCK.findall(CHAPTERS.with_name("own_data.md").read_text(encoding="utf-8"))
    first, second = documents.run(code, {}).splitlines()
    assert re.fullmatch(r"A fine film\. \w+ \{'\w+': .*\}", first) and second.startswith("So dull! ")


def test_recorded_numbers_are_those_of_the_results():
    from common.lessons import recorded

    for file in (CHAPTERS, QUESTIONS, MEMORY):
        text, measured = file.read_text(encoding="utf-8"), recorded.measure()
        names = {name for name, _ in documents.NUMBER.findall(text)}
        stale = documents.renewed(text, measured)[1]
        assert [line for line in stale if "no code computes it" not in line] == []
        assert "?" not in [written for _, written in documents.NUMBER.findall(text)]
        assert names


def test_every_chapter_has_its_parts():
    _, *chapters = documents.CHAPTER.split(CHAPTERS.read_text(encoding="utf-8"))
    assert len(chapters) == 8
    for number_of, chapter in enumerate(chapters, 1):
        assert chapter.startswith(f"## {number_of}. ")
        for part in ("```python\n", "](pictures/", "\n**Try** `make ", "\n**Question.** ", "**Answer.**"):
            assert part in chapter, (number_of, part)


def test_every_question_has_an_answer_a_command_or_picture_and_a_number():
    parts = re.split(r"^\*\*(\d+)\. ", QUESTIONS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert sorted(map(int, parts[::2])) == list(range(1, 26))
    for asked, answer in zip(parts[::2], parts[1::2]):
        assert documents.NUMBER.search(answer), asked
        assert "`make " in answer or "](pictures/" in answer, asked


def test_pictures_and_files_that_are_named_exist():
    for file in (CHAPTERS, QUESTIONS, MEMORY):
        for name in re.findall(r"\]\(([^):#]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / name).exists(), (file.name, name)


def test_notebook_is_that_of_the_chapters_and_runs():
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert files.json_text(content) == files.json_text(documents.notebook(CHAPTERS.read_text(encoding="utf-8")))
    assert documents.run_notebook(content) == []
