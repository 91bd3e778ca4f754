"""`strip`: the most characteristic picture of each task, combined into one."""

import pytest
from PIL import Image

from common import files
from common.commands import strip
from common.errors import UserError
from common.runs import run as runs
from common.task import task_names


def trained(name, pictures):
    """A run whose report shows these pictures, of one colour each."""
    run = runs.create(name, "simple_rnn", 0, {})
    for file, colour in pictures.items():
        Image.new("RGB", (800, 1600), colour).save(run.path / file)
    files.write_text(run.report_file, "\n".join(f"![A picture.]({file})" for file in pictures))
    runs.make_latest(run)


def test_a_tile_shows_what_few_other_tasks_have(own_folders):
    for name in task_names():
        trained(name, {"curves.png": "red", "confusion.png": "red", "roads.png": "blue"})
    strip.run(str(own_folders / "zoo.png"))
    with Image.open(own_folders / "zoo.png") as picture:
        found = {colour for _, colour in picture.getcolors(picture.width * picture.height)}
    assert (0, 0, 255) in found and (255, 0, 0) not in found


def test_where_all_pictures_are_plain_the_curves_come_first(own_folders):
    trained("sentiment", {"lengths.png": "red", "curves.png": "red"})
    assert strip.picture_of("sentiment").name == "curves.png"


def test_every_task_needs_a_run(own_folders):
    with pytest.raises(UserError, match="There is no trained run of"):
        strip.run(str(own_folders / "zoo.png"))
    assert not (own_folders / "zoo.png").exists()
