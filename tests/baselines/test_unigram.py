"""The unigram tagger, counted by hand."""

from common.baselines.unigram import count, most_frequent_tags, tag_of_rare_words

SENTENCES = [["can", "you", "can", "fish"], ["the", "can", "fish"]]
TAGS = [["AUX", "PRON", "VERB", "NOUN"], ["DET", "VERB", "VERB"]]


def test_a_word_gets_its_most_frequent_tag_and_of_ties_the_first():
    assert most_frequent_tags(count(SENTENCES, TAGS)) == {"can": "VERB", "you": "PRON", "fish": "NOUN", "the": "DET"}


def test_a_new_word_gets_the_tag_of_words_that_occur_once():
    assert tag_of_rare_words(count(SENTENCES, TAGS)) == "PRON"  # of you and the, which are as frequent, the first
    assert tag_of_rare_words(count([*SENTENCES, ["a", "the"]], [*TAGS, ["DET", "DET"]])) == "PRON"
    assert tag_of_rare_words(count([*SENTENCES, ["a", "an"]], [*TAGS, ["DET", "DET"]])) == "DET"
    assert tag_of_rare_words(count(2 * SENTENCES, 2 * TAGS)) == "VERB"  # all words occur twice: of all of them
