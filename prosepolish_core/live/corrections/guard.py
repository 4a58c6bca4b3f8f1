"""Is this answer a correction of the text? A table of reasons why not; the first that holds is told.

What fails is never shown.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from ...model.llm import LlmReply
from ..llm.answers import BadAnswer, answer_of
from ..llm.plain_text import added_markup, added_unseen
from .addresses import made_up
from .kept_words import KeptWords, kept, spelled_out
from .keyboards import readings
from .languages import ASKING, OPENERS, changed_language, small_word
from .typed_words import Word, unspaced, words_of
from .word_likeness import letter_pairs

#: A correction is at most this much longer or shorter than its text, plus some room for very short ones.
MOST_GROWTH, LEAST_SHARE, ROOM = 1.5, 0.5, 40
#: Shares of letters: of the answer that come from the text, of the text that are still there, of both together; of a
#: sentence.
LEAST_OF_ANSWER, LEAST_OF_TEXT, LEAST_OF_BOTH = 0.44, 0.42, 1.05
LEAST_OF_NEW_SENTENCE, LEAST_OF_OLD_SENTENCE = 0.4, 0.2
#: Letters that a correction may add in one go where it adds more than one word (small words do not count); a character
#: of a script without blanks counts as a syllable.
MOST_ADDED, SYLLABLE = 9, 3
QUESTION_MARKS = "?？؟"
QUOTES = "\"“”„«»'‘’「」『』"
LEAD_IN = re.compile(r"^[^\n:：]{1,60}(?:：|:(?=\s|\W*$))")


class Comparison:
    """A text and its answer, word by word."""

    def __init__(self, text: str, answer: str) -> None:
        self.text, self.answer = text, answer
        self.after = words_of(answer)

    @cached_property
    def _read(self) -> tuple[list[Word], KeptWords]:
        """The text as it was typed, or read with the keyboard layout that explains more of the answer."""
        read = max((self.text, *readings(self.text)), key=lambda text: letter_pairs(text, self.answer))
        words = words_of(read)
        return (words, kept(words, self.after)) if words and self.after else ([], KeptWords([], []))

    @property
    def before(self) -> list[Word]:
        """The words of the text."""
        return self._read[0]

    @property
    def kept(self) -> KeptWords:
        """What the two have in common."""
        return self._read[1]


def unlike(c: Comparison) -> bool:
    """Another text: too little of one is in the other."""
    if not c.before:
        return bool(c.after) != bool(words_of(c.text))
    if c.answer == c.text[::-1]:
        return True
    of_answer, of_text = _shares(c.before, c.after, c.kept)
    return of_answer < LEAST_OF_ANSWER or of_text < LEAST_OF_TEXT or of_answer + of_text < LEAST_OF_BOTH


def other_language(c: Comparison) -> bool:
    """A translation into a language with the same words."""
    return changed_language(spelled_out(c.before), [w.plain for w in c.after])


def new_sentence(c: Comparison) -> bool:
    """A sentence that the text has nothing of, or one of the text that is gone."""
    new, old = _least_sentence(c.after, c.kept.of_answer), _least_sentence(c.before, c.kept.of_text)
    return new < LEAST_OF_NEW_SENTENCE or old < LEAST_OF_OLD_SENTENCE


def added_words(c: Comparison) -> bool:
    """Several words in a row that come from nowhere; or one in capitals."""
    run: list[Word] = []
    calm = not c.text.isupper()
    for word, share in [*zip(c.after, c.kept.of_answer, strict=True), (Word("", 0), 1.0)]:
        if not share:
            run.append(word)
            if calm and len(word.written) > 2 and word.written.isupper():
                return True
            continue
        letters = sum(len(w.plain) * (SYLLABLE if unspaced(w.plain[0]) else 1) for w in run if not small_word(w.plain))
        if len(run) > 1 and letters > MOST_ADDED:
            return True
        run = []
    return False


def lead_in(c: Comparison) -> bool:
    """`Corrected: …`, `Sure, …`, or the whole in quotation marks."""
    begins = LEAD_IN.match(c.answer)
    if begins and _share(opening := c.after[: len(words_of(begins[0]))], c.kept.of_answer[: len(opening)]) < LEAST_OF_ANSWER:
        return True
    if c.answer[0] in QUOTES and c.answer[-1] in QUOTES and c.text[0] not in QUOTES:
        return True
    added = bool(c.after) and not c.kept.of_answer[0] and bool(c.kept.of_text[0])
    return added and c.after[0].plain in OPENERS


def answers_a_question(c: Comparison) -> bool:
    """The text asks, and the answer no longer does."""
    if c.text.rstrip(QUOTES).endswith(tuple(QUESTION_MARKS)) and not any(mark in c.answer for mark in f"{QUESTION_MARKS};"):
        return True
    asks = c.before[0].plain if c.before else ""
    return asks in ASKING and not c.kept.of_text[0] and not any(word.plain in ASKING for word in c.after)


#: The machine word told -> when it holds; in this order, from the cheap to the dear.
REASONS: tuple[tuple[str, Callable[[Comparison], bool]], ...] = (
    ("markup", lambda c: added_markup(c.text, c.answer) or added_unseen(c.text, c.answer)),
    ("made_up", lambda c: made_up(c.text, c.answer)),
    ("unlike", unlike),
    ("language", other_language),
    ("chat", lead_in),
    ("chat", answers_a_question),
    ("added", new_sentence),
    ("added", added_words),
)


def corrected_text(original: str, reply: LlmReply) -> str:
    """The corrected text with the original's outer white space. Raises BadAnswer."""
    answer = answer_of(reply)
    corrected = answer.get("text")
    if set(answer) != {"text"} or not isinstance(corrected, str):
        raise BadAnswer("schema")
    body = original.strip()
    start = original.index(body)
    return original[:start] + checked(body, corrected.strip()) + original[start + len(body) :]


def checked(text: str, answer: str) -> str:
    """The answer, when it is fit to show instead of the text; both without outer blanks. Raises BadAnswer."""
    if not answer:
        raise BadAnswer("empty")
    if not LEAST_SHARE * len(text) - ROOM / 2 <= len(answer) <= MOST_GROWTH * len(text) + ROOM:
        raise BadAnswer("length_ratio")
    if answer != text:
        comparison = Comparison(text, answer)
        for reason, holds in REASONS:
            if holds(comparison):
                raise BadAnswer(reason)
    return answer


def _shares(before: Sequence[Word], after: Sequence[Word], found: KeptWords) -> tuple[float, float]:
    return _share(after, found.of_answer), _share(before, found.of_text)


def _share(words: Sequence[Word], shares: Sequence[float]) -> float:
    letters = sum(len(w.plain) for w in words)
    return sum(len(w.plain) * share for w, share in zip(words, shares, strict=True)) / letters if letters else 1.0


def _least_sentence(words: Sequence[Word], shares: Sequence[float]) -> float:
    sums: dict[int, tuple[float, int]] = {}
    for word, share in zip(words, shares, strict=True):
        kept_letters, letters = sums.get(word.sentence, (0.0, 0))
        sums[word.sentence] = kept_letters + len(word.plain) * share, letters + len(word.plain)
    return min((kept_letters / letters for kept_letters, letters in sums.values()), default=1.0)
