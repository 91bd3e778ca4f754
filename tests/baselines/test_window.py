"""A tagger that sees a word and its neighbours."""

from common.baselines.window import shape, window_logistic_regression


def test_window_baseline_learns_words_endings_and_neighbours():
    assert [shape(token) for token in ("Kerib-400", "OK", "ok", "iPhone", "...")] == ["Xx-0", "X", "x", "xXx", "..."]
    train = [("in", "Velmouth", "now"), ("Mr", "Rook", "left"), ("in", "Tarmouth", "now"), ("Mr", "Tern", "left")] * 5
    tags = [("O", "B-place", "O"), ("O", "B-person", "O")] * 10
    answers = window_logistic_regression(train, tags, [("Mr", "Kand", "left"), ("in", "Kormouth"), ("now",)])
    assert answers == [["O", "B-person", "O"], ["O", "B-place"], ["O"]]
