"""The dictionary of word-for-word translation, worked out by hand."""

from common.baselines import dictionary


def test_dictionary_after_one_round_by_hand():
    """Pairs (x y | a b), (x | a): uniform start over x, y and nothing.

    In the first sentence each of a and b is explained one third by each of nothing, x and y; in the second, a is
    explained one half by nothing and one half by x. So x explains 1/3 + 1/2 of a and 1/3 of b, and y 1/3 of each:
    a tie that goes to the more frequent a. Later rounds leave b to y, since x has a to itself.
    """
    pairs = [(["x", "y"], ["a", "b"]), (["x"], ["a"])]
    assert dictionary.learn(pairs, rounds=1) == {"x": "a", "y": "a"}
    assert dictionary.learn(pairs, rounds=20) == {"x": "a", "y": "b"}


def test_dictionary_keeps_what_it_does_not_know_where_it_stands():
    pairs = [("dog here".split(), "ici chien".split()), (["dog"], ["chien"]), (["here"], ["ici"])]
    learned = dictionary.learn(pairs)
    assert learned == {"dog": "chien", "here": "ici"}
    assert dictionary.translate(learned, "here the dog barks".split()) == ["ici", "the", "chien", "barks"]
