"""A call is explained tier by tier, and its price is never invented."""

from decimal import Decimal

from dashboard.charts.waterfall import waterfall
from dashboard.views import playground
from prosepolish_core.model.correction import Correction
from prosepolish_core.model.health import Level
from prosepolish_core.model.lookup import Lookup
from prosepolish_core.model.outcome import Outcome, Tier, TraceStep

FELL = (
    TraceStep(Tier.REDIS, Outcome.MISS, 0.0, 0.001),
    TraceStep(Tier.POSTGRES, Outcome.TIMEOUT, 0.001, 0.02, (), "deadline"),
    TraceStep(Tier.DICTIONARY_API, Outcome.HIT, 0.021, 0.3, (Tier.REDIS, Tier.POSTGRES)),
)


def test_the_steps_say_what_each_tier_came_to() -> None:
    """Outcome, time and the machine word behind a failure."""
    told = playground.of_lookup(Lookup("eloquent", {"word": "eloquent"}, Tier.DICTIONARY_API, Outcome.HIT, FELL, degraded=True))

    assert [step.answered for step in told.steps] == [False, False, True]
    assert "took too long (deadline)" in told.steps[1].told
    assert told.filled == ("Redis", "PostgreSQL")
    assert told.degraded
    assert abs(told.total_s - 0.321) < 1e-9


def test_the_tier_that_was_asked_first_stands_first() -> None:
    """Whatever the order in which a trace noted them."""
    told = playground.of_trace((FELL[2], FELL[0], FELL[1]))

    assert [step.label for step in told.steps] == ["Redis", "PostgreSQL", "Dictionary API"]


def test_an_unpriced_call_is_not_called_free() -> None:
    """None is an unknown price, zero is none."""
    paid = Correction("x", True, Tier.GEMINI, Outcome.HIT, cost_usd=None)
    free = Correction("x", True, Tier.REDIS, Outcome.HIT, cost_usd=Decimal(0))

    assert playground.of_correction(paid).cost == "price unknown"
    assert playground.of_correction(free).cost == "free"


def test_every_step_is_a_bar_that_starts_where_it_began() -> None:
    """The waterfall shows waiting as empty space."""
    told = playground.of_trace(FELL)
    (bars,) = waterfall(told.steps).data

    assert [round(float(b), 3) for b in bars.base] == [0.0, 1.0, 21.0]
    assert told.tier is None


def test_a_call_without_steps_can_be_drawn() -> None:
    """Nothing was asked: an empty figure."""
    assert len(waterfall(playground.of_trace(()).steps).data) == 1


def test_an_unknown_word_a_doubtful_one_and_no_answer_at_all_are_three_things() -> None:
    """Never two of them at once."""
    unknown = playground.of_lookup(Lookup("zq", None, Tier.GEMINI, Outcome.NEGATIVE_HIT, FELL[:1]))
    doubtful = playground.of_lookup(Lookup("zq", None, Tier.DICTIONARY_API, Outcome.NEGATIVE_HIT, FELL[:2], degraded=True))
    failed = playground.of_trace(FELL[:2])

    told = [playground.nothing_found(found, "zq") for found in (unknown, doubtful, failed)]
    assert [text.partition(" ")[0] for text in told] == ["Nobody", "Nobody", "Nothing"]
    assert ["remembered too" in text for text in told] == [True, False, False]
    assert [bool(found.warning) for found in (unknown, doubtful, failed)] == [False, True, False]
    assert "right all the same" not in doubtful.warning


def test_an_invalidation_tells_which_store_still_has_the_word() -> None:
    """Only when both acknowledged is it gone."""
    told = playground.INVALIDATED
    assert [told[key][0] for key in ((True, True), (True, False), (False, True), (False, False))] == [
        Level.OK,
        Level.WARNING,
        Level.CRITICAL,
        Level.CRITICAL,
    ]
    assert "PostgreSQL still has the old entry" in told[False, True][1]
