"""Which texts are sent for correction: short messages with slips in them, about 30 % of them sent before."""

import random
from collections import deque

from .slips import misspell

#: Share of texts that were sent before, and how many of the latest are remembered.
REPEATED, REMEMBERED = 0.30, 200
#: Share of a text's longer words that get a slip.
SLIPPED = 0.18
OPENINGS = (
    "Dear {name}, thank you for the {thing} you sent on {day}.",
    "Hello {name}, the {thing} is ready and you can collect it on {day}.",
    "Please find the {adjective} {thing} below, {name}.",
    "I have read your {thing} twice and I think that it is {adjective}.",
    "We agreed on {day} that the {thing} needs another look.",
    "{name} asked me to write about the {adjective} {thing}.",
    "The second chapter begins with a {adjective} {thing} and {number} questions.",
    "Our team finished the {thing} on {day}, {number} days early.",
)
MIDDLES = (
    "It took {number} people a whole week to prepare.",
    "Some parts remain {adjective}, especially the introduction.",
    "The numbers on page {number} do not match the summary.",
    "I would rather keep the sentence short and the argument clear.",
    "Nobody expected such a {adjective} answer from {name}.",
    "Without the {thing} we cannot continue before {day}.",
    "There are {number} open questions about the {thing}.",
    "The first paragraph should explain the purpose of the {thing}.",
)
ENDINGS = (
    "Could you please send me your comments before {day}?",
    "Let me know whether {day} at {number} suits you.",
    "I am looking forward to your answer.",
    "Many thanks for your patience, {name}.",
    "We will discuss the rest on {day}.",
    "Please correct anything that sounds wrong.",
)
SLOTS = {
    "name": (
        "Ada",
        "Bruno",
        "Chiara",
        "Dmitri",
        "Elif",
        "Farid",
        "Grace",
        "Hugo",
        "Ines",
        "Jonas",
        "Keiko",
        "Lars",
        "Mina",
        "Noor",
    ),
    "thing": (
        "report",
        "letter",
        "proposal",
        "translation",
        "speech",
        "manual",
        "story",
        "invoice",
        "article",
        "lecture",
        "poster",
    ),
    "adjective": ("careful", "short", "surprising", "complete", "difficult", "elegant", "strange", "useful", "modest", "lively"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


class Texts:
    """An endless stream of texts. The same seed gives the same texts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._sent: deque[str] = deque(maxlen=REMEMBERED)

    def draw(self) -> str:
        """The next text."""
        if self._sent and self._random.random() < REPEATED:
            return self._random.choice(self._sent)
        text = self._write()
        self._sent.append(text)
        return text

    def _write(self) -> str:
        middles = self._random.sample(MIDDLES, self._random.randint(1, 3))
        sentences = [self._random.choice(OPENINGS), *middles, self._random.choice(ENDINGS)]
        return " ".join(self._slip(word) for word in " ".join(self._fill(sentence) for sentence in sentences).split())

    def _fill(self, sentence: str) -> str:
        chosen = {slot: self._random.choice(values) for slot, values in SLOTS.items()}
        return sentence.format(**chosen, number=self._random.randint(2, 60))

    def _slip(self, word: str) -> str:
        if word.isalpha() and word.islower() and len(word) > 4 and self._random.random() < SLIPPED:
            return misspell(word, self._random)
        return word
