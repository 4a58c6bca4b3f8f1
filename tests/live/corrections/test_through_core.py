"""Corrections from end to end: Core, a real Valkey, a real PostgreSQL, a real SDK and the stand-in model."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from demo.standins import Fault, FaultKind, StandIns
from prosepolish_core import Config, Core
from prosepolish_core.calc.ledger_sums import measured
from prosepolish_core.model.outcome import Outcome, Tier
from prosepolish_core.model.window import Window
from tests.support.waiting import PATIENT

pytestmark = pytest.mark.live
TEXT = "Teh quick fox recieved a prize."


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than life."""
    with StandIns(speed=1000) as up:
        yield up


@pytest.fixture
def core(stand_ins: StandIns, valkey_url: str, database_url: str) -> Iterator[Core]:
    """A Core over all of it."""
    environ = {
        "REDIS_URL": valkey_url,
        "DATABASE_URL": database_url,
        "DICTIONARY_API_URL": stand_ins.dictionary_api.url,
        "GEMINI_API_ENDPOINT": stand_ins.gemini.url,
        "GEMINI_API_KEY": "any",
    } | PATIENT
    with Core.open(Config.from_env(environ)) as opened:
        opened.warm_up()  # the model's SDK takes longer to load than a correction may
        yield opened


def test_what_was_paid_and_avoided_is_in_the_ledger_to_the_last_digit(core: Core) -> None:
    """Two texts paid for, three hits: PostgreSQL's sums are the sums of the answers."""
    found = [core.corrector.correct(text) for text in (TEXT, TEXT, "Anothr text.", TEXT, "Anothr text.")]
    assert [each.tier for each in found] == [Tier.GEMINI, Tier.REDIS, Tier.GEMINI, Tier.REDIS, Tier.REDIS]
    assert found[0].text == "The quick fox received a prize."
    assert core.recorder.flush()
    sums = measured(core.telemetry.ledger(Window.last(3600)), counted={"stand-in"})
    assert (sums.paid.calls, sums.avoided.calls, sums.unpriced) == (2, 3, 0)
    assert sums.paid.usd == sum((each.cost_usd or Decimal(0) for each in found), Decimal(0)) > 0
    assert sums.avoided.usd == sum((each.avoided_usd or Decimal(0) for each in found), Decimal(0)) > 0
    assert sums.spared_ratio == 0.6


def test_no_text_reaches_postgresql(core: Core) -> None:
    """After a paid call and a hit, no table holds a word of the text or of the answer."""
    core.corrector.correct(TEXT, user_id="alice-of-the-tests")
    core.corrector.correct(TEXT, user_id="alice-of-the-tests")
    assert core.recorder.flush()
    with core.pool.connection() as connection:
        tables = connection.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(relname) FROM pg_stat_user_tables"
        ).fetchall()
        assert tables
        for (table,) in tables:
            rows = connection.execute(f"SELECT t::text FROM {table} t").fetchall()
            shown = " ".join(str(row[0]) for row in rows)
            assert not any(word in shown for word in ("quick fox", "recieved", "received", "prize", "alice-of-the-tests"))


def test_a_fault_of_the_model_is_told_and_the_text_is_kept(core: Core, stand_ins: StandIns) -> None:
    """An outage, then health: the original text, and the correction afterwards."""
    stand_ins.gemini.script.add(Fault(FaultKind.STATUS, status=503, times=1))
    away, fine = (core.corrector.correct(TEXT) for _ in range(2))
    assert (away.text, away.outcome, away.detail) == (TEXT, Outcome.ERROR, "503")
    assert (fine.text, fine.tier) == ("The quick fox received a prize.", Tier.GEMINI)


@pytest.mark.parametrize("kind", [FaultKind.SAFETY, FaultKind.BLOCKED, FaultKind.RECITATION, FaultKind.LENGTH])
def test_a_refused_text_is_not_paid_for_again_at_once(core: Core, stand_ins: StandIns, kind: FaultKind) -> None:
    """The model is asked once; the ledger has one call paid for nothing and one spared,
    and the second answer is counted as negative.
    """
    stand_ins.gemini.script.add(Fault(kind, times=1))
    found = [core.corrector.correct(TEXT) for _ in range(2)]
    assert [each.corrected for each in found] == [False, False]
    assert core.recorder.flush()
    sums = measured(core.telemetry.ledger(Window.last(3600)), counted={"stand-in"})
    assert (sums.paid.calls, sums.avoided.calls, sums.spared_ratio) == (1, 1, 0.5)
    counts = {(row.tier, row.outcome): row.answers for row in core.telemetry.lookups(Window.last(3600), points=1) if row.answers}
    assert counts == {("gemini", "error"): 1, ("redis", "negative_hit"): 1}
