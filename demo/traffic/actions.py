"""What writers do, one row an action: how often per lookup, and the calls it makes on the core."""

import random
from collections.abc import Callable
from typing import NamedTuple

from prosepolish_core import Core, Limit

from ..lexicon import Lexicon
from .texts import Texts
from .words import Words
from .writers import Writers

#: One prepared call: everything random is decided, so that the order of threads changes nothing.
Job = Callable[[Core], None]
CORRECTIONS_A_MINUTE = Limit(10, per_s=60, name="llm")
EXPORTS = (Limit(3, per_s=60, name="export"), Limit(20, per_s=900, name="export"))
LOG_INS = Limit(5, per_s=60, outage="refuse", name="login")
TONES = ("plain", "formal", "friendly", "academic")
LANGUAGES = ("en-GB", "en-US", "en-AU")


class Scene:
    """Who and what the actions draw from: words, texts, people and one source of chance."""

    def __init__(self, lexicon: Lexicon, seed: int) -> None:
        self.words, self.texts, self.writers = Words(lexicon, seed), Texts(seed + 1), Writers(seed + 2)
        self.random = random.Random(seed + 3)


def lookup(scene: Scene) -> Job:
    """One word looked up."""
    word = scene.words.draw()
    return lambda core: _ignore(core.dictionary.lookup(word))


def lookup_text(scene: Scene) -> Job:
    """The words of a sentence looked up together, as the editor does when a text is opened."""
    words = [scene.words.draw() for _ in range(scene.random.randint(4, 9))]
    return lambda core: _ignore(core.dictionary.lookup_many(words))


def correct(scene: Scene) -> Job:
    """A text corrected, if the writer's limit allows it."""
    user, text = scene.writers.draw(), scene.texts.draw()

    def job(core: Core) -> None:
        if core.limiter.check(f"user:{user}:llm", [CORRECTIONS_A_MINUTE]).allowed:
            core.corrector.correct(text, user_id=user)

    return job


def read_profile(scene: Scene) -> Job:
    """A profile and the settings read, as at the top of every page. Who comes for the first time signs up."""
    user, both = scene.writers.draw(), scene.random.random() < 0.5
    tone, language = scene.random.choice(TONES), scene.random.choice(LANGUAGES)
    signs_up = scene.writers.is_new(user)

    def job(core: Core) -> None:
        if signs_up:
            core.profiles.update(user, {"name": _name(user), "language": language})
            core.preferences.update(user, {"tone": tone, "language": language})
        core.profiles.get(user)
        if both:
            core.preferences.get(user)

    return job


def change_settings(scene: Scene) -> Job:
    user, tone, language = scene.writers.draw(), scene.random.choice(TONES), scene.random.choice(LANGUAGES)
    if scene.random.random() < 0.5:
        return lambda core: _ignore(core.preferences.update(user, {"tone": tone, "language": language}))
    return lambda core: _ignore(core.profiles.update(user, {"name": _name(user), "language": language}))


def log_in(scene: Scene) -> Job:
    """A log-in, within its own limit."""
    user, device = scene.writers.draw(), scene.writers.device()

    def job(core: Core) -> None:
        if core.limiter.check(f"user:{user}:login", [LOG_INS]).allowed:
            scene.writers.logged_in(user, core.sessions.create(user, device=device).token or "")

    return job


def come_back(scene: Scene) -> Job:
    """A request of somebody who may be logged in: the session is verified."""
    user, leaves = scene.writers.draw(), scene.random.random() < 0.03

    def job(core: Core) -> None:
        if token := scene.writers.token(user):
            core.sessions.verify(token)
            if leaves:
                core.sessions.revoke(token)
                scene.writers.logged_out(user)

    return job


def export(scene: Scene) -> Job:
    """A call that is limited twice, over a minute and over a quarter of an hour."""
    user = scene.writers.draw()
    return lambda core: _ignore(core.limiter.check(f"user:{user}:export", list(EXPORTS)))


class Action(NamedTuple):
    """How often it is done for each lookup of a word, and what it is."""

    name: str
    per_lookup: float
    prepare: Callable[[Scene], Job]


ACTIONS = (
    Action("lookup", 0.94, lookup),
    Action("lookup_text", 0.01, lookup_text),
    Action("correct", 0.03, correct),
    Action("read_profile", 0.15, read_profile),
    Action("change_settings", 0.005, change_settings),
    Action("log_in", 0.01, log_in),
    Action("come_back", 0.10, come_back),
    Action("export", 0.03, export),
)


def _name(user: str) -> str:
    return user.replace("-", " ").title()


def _ignore(_answer: object) -> None:
    """Traffic has no use for answers."""
