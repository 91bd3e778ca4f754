"""Pictures with letters of any script: no box, no warning on the screen."""

import warnings

from common.plots import style


def test_letters_that_no_font_has_are_question_marks_and_said_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(style, "_said", [])
    monkeypatch.setattr(style, "_font_for", lambda letters: (None, frozenset(letters)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("a.png", "b.png"):
            figure, axes = style.new_figure(title="好评 and é", xlabel="हिन्दी")
            axes.bar(["好评", "bad"], [1, 2])
            style.save(figure, tmp_path / name)
            assert axes.get_title(loc="left") == "?? and é"
            assert [label.get_text() for label in axes.get_xticklabels()] == ["??", "bad"]
    assert capsys.readouterr().err.count("No installed font has") == 1


def test_an_installed_font_that_has_the_letters_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "_font_for", lambda letters: ("DejaVu Serif", frozenset()))
    figure, axes = style.new_figure(title="好")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the font of this test has them no more than the first
        style.save(figure, tmp_path / "a.png")
    assert axes.title.get_fontfamily() or axes.get_title(loc="left") == "好"
