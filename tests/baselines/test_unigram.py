"""The unigram tagger, counted by hand."""

from common.baselines.unigram import most_frequent_tags, tag_of_rare_words

SENTENCES = [["can", "you", "can", "fish"], ["the", "can", "fish"]]
TAGS = [["AUX", "PRON", "VERB", "NOUN"], ["DET", "VERB", "VERB"]]


def test_a_word_gets_its_most_frequent_tag_and_of_ties_the_first():
    assert most_frequent_tags(SENTENCES, TAGS) == {"can": "VERB", "you": "PRON", "fish": "NOUN", "the": "DET"}


def test_a_new_word_gets_the_tag_of_words_that_occur_once():
    assert tag_of_rare_words(SENTENCES, TAGS) == "PRON"  # of you and the, which are as frequent, the first
    assert tag_of_rare_words([*SENTENCES, ["a", "the"]], [*TAGS, ["DET", "DET"]]) == "PRON"
    assert tag_of_rare_words([*SENTENCES, ["a", "an"]], [*TAGS, ["DET", "DET"]]) == "DET"
    assert tag_of_rare_words(2 * SENTENCES, 2 * TAGS) == "VERB"  # all words occur twice: of all of them
