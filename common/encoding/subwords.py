"""Reversible tokenisation of text into pieces: whole words, or subwords into which rare words are divided."""

from __future__ import annotations

import abc
import base64
import binascii
import dataclasses
import functools
import io
import re
from collections.abc import Iterable, Sequence

import numpy as np

from common.encoding.text import SPECIAL, WORD, Vocabulary, pattern
from common.errors import UserError

LARGEST_MODEL = 16 << 20  # bytes; one of 32,000 pieces takes less than 1 MB
SPACE = "▁"  # how sentencepiece writes the space before a word

_SPACED_ASCII_WORD = re.compile(r" ?(?:\w+(?:'\w+)*|[^\w\s])")
_SPACED_WORD = rf" ?(?:{WORD})"


class Pieces(abc.ABC):
    """The pieces known to a model, by id as in `text.Vocabulary`, and the conversion between text and pieces.

    `join(split(text))` is the text, except that white space between words becomes a single blank.
    """

    @staticmethod
    def fit(texts: Iterable[str], size: int, subwords: bool) -> Pieces:
        """The most useful pieces of the training texts.

        Args:
            texts: of the training examples.
            size: maximum number of pieces, including the four special ones.
            subwords: whether words may be cut; then no word is unknown if its letters occur in the texts.

        Raises:
            UserError: if there is too little text, or `size` is too small for its letters.
        """
        return Subwords.fit(texts, size) if subwords else Words.fit(texts, size)

    @staticmethod
    def from_json(data: object) -> Pieces:
        """The pieces that `to_json` wrote.

        Raises:
            UserError: if `data` is anything else.
        """
        return Subwords.from_json(data) if isinstance(data, str) else Words(Vocabulary.from_json(data))

    @abc.abstractmethod
    def split(self, text: str) -> list[str]:
        """The pieces of a text, known or not."""

    @abc.abstractmethod
    def join(self, pieces: Iterable[str]) -> str:
        """The text of the pieces."""

    @abc.abstractmethod
    def encode(self, pieces: Iterable[str]) -> np.ndarray:
        """Ids of the pieces, int32 `(timesteps,)`; an unknown piece becomes UNKNOWN."""

    @abc.abstractmethod
    def decode(self, ids: Iterable[int]) -> list[str]:
        """Pieces of the ids."""

    @abc.abstractmethod
    def __len__(self) -> int: ...

    @abc.abstractmethod
    def to_json(self): ...


@dataclasses.dataclass(frozen=True)
class Words(Pieces):
    """Whole words and punctuation marks, each with the space before it: `"forty-two" -> [" forty", "-", "two"]`."""

    vocabulary: Vocabulary

    @classmethod
    def fit(cls, texts: Iterable[str], size: int) -> Words:
        """The most frequent words."""
        return cls(Vocabulary.fit(map(spaced_words, texts), size))

    def split(self, text: str) -> list[str]:
        return spaced_words(text)

    def join(self, pieces: Iterable[str]) -> str:
        return "".join(pieces).strip()

    def encode(self, pieces: Iterable[str]) -> np.ndarray:
        return self.vocabulary.encode(pieces)

    def decode(self, ids: Iterable[int]) -> list[str]:
        return self.vocabulary.decode(ids)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def to_json(self) -> list[str]:
        return self.vocabulary.to_json()


@dataclasses.dataclass(frozen=True)
class Subwords(Pieces):
    """Subwords by byte-pair encoding (Sennrich, Haddow and Birch 2016), with sentencepiece.

    Attributes:
        model: sentencepiece's own serialized model.
    """

    model: bytes = dataclasses.field(repr=False)

    @classmethod
    def fit(cls, texts: Iterable[str], size: int) -> Subwords:
        """`size` pieces, or as many as the texts yield."""
        texts = [_evenly_spaced(text) for text in texts]
        try:
            return cls(_train(texts, size))
        except RuntimeError as error:
            most = re.search(r"Vocabulary size too high.*<= (\d+)", str(error))
            if not most:
                raise UserError(f"No {size} subwords can be learned: {_reason(error)}.") from None
            return cls(_train(texts, int(most[1])))

    @functools.cached_property
    def _processor(self):
        import sentencepiece

        processor = sentencepiece.SentencePieceProcessor()
        processor.LoadFromSerializedProto(self.model)
        return processor

    def split(self, text: str) -> list[str]:
        return self._processor.encode(_evenly_spaced(text), out_type=str)

    def join(self, pieces: Iterable[str]) -> str:
        return "".join(pieces).replace(SPACE, " ").strip()

    def encode(self, pieces: Iterable[str]) -> np.ndarray:
        return np.array(self._processor.piece_to_id(list(pieces)), np.int32)

    def decode(self, ids: Iterable[int]) -> list[str]:
        return self._processor.id_to_piece([int(i) for i in ids])

    def __len__(self) -> int:
        return self._processor.get_piece_size()

    def to_json(self) -> str:
        """The model in base64."""
        return base64.b64encode(self.model).decode()

    @classmethod
    def from_json(cls, data: object) -> Subwords:
        try:
            if not isinstance(data, str) or len(data) > LARGEST_MODEL * 4 // 3:
                raise ValueError(f"it must be base64 of at most {LARGEST_MODEL >> 20} MiB")
            pieces = cls(base64.b64decode(data, validate=True))
            if len(pieces) <= len(SPECIAL) or tuple(pieces.decode(range(len(SPECIAL)))) != SPECIAL:
                raise ValueError(f"its pieces must begin with {SPECIAL}")
        except (binascii.Error, RuntimeError, ValueError) as error:
            raise UserError(f"The subwords of this run are damaged ({_reason(error)}): train again.") from None
        return pieces


def spaced_words(text: str) -> list[str]:
    """Words and punctuation marks, each with the space before it; the first always has one."""
    return (_SPACED_ASCII_WORD if text.isascii() else pattern(_SPACED_WORD)).findall(" " + _evenly_spaced(text))


def _evenly_spaced(text: str) -> str:
    return " ".join(text.split())


def _train(texts: Sequence[str], size: int) -> bytes:
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        model_type="bpe",  # unlike the unigram model it does not depend on the order of float sums
        vocab_size=size,
        character_coverage=1.0,
        normalization_rule_name="identity",
        **{f"{kind}_id": i for i, kind in enumerate(("pad", "unk", "bos", "eos"))},
        **{f"{kind}_piece": piece for kind, piece in zip(("pad", "unk", "bos", "eos"), SPECIAL, strict=True)},
        minloglevel=3,
    )
    return model.getvalue()


def _reason(error: Exception) -> str:
    """sentencepiece's message without the place in its source."""
    return str(error).rpartition("] ")[2].strip(" .") or str(error).strip(" .")
