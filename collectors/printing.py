"""What `--list` and `--once` print: one table for people, one JSON object a line for programs."""

from collections.abc import Iterable

import orjson

from prosepolish_core.model.sample import Run, RunOutcome

from .schedule import Row


def schedule_lines(rows: Iterable[Row], as_json: bool) -> Iterable[str]:
    if as_json:
        return (orjson.dumps(row._asdict()).decode() for row in rows)
    head = f"{'collector':<18}{'every':>8}{'time-out':>10}{'budget':>9}  what it reads"
    return (
        head,
        *(f"{r.collector:<18}{r.interval_s:>6} s{r.timeout_s:>8g} s{r.budget_s * 1000:>6g} ms  {r.about}" for r in rows),
    )


def run_lines(run: Run, as_json: bool) -> Iterable[str]:
    for sample in run.samples:
        labels = dict(sample.labels)
        if as_json:
            line = {
                "metric": sample.metric,
                "value": sample.value,
                "kind": sample.kind.value,
                "unit": sample.unit,
                "labels": labels,
                "ts": run.ts.isoformat(),
                "source": run.source,
                "collector": run.collector,
            }
            yield orjson.dumps(line).decode()
        else:
            inside = "{" + ",".join(f"{k}={v}" for k, v in labels.items()) + "}" if labels else ""
            yield f"{run.source:<12}{sample.metric + inside:<56}{sample.value:>20.15g}  {sample.unit}"


def fault_line(run: Run) -> str:
    """One line about a run that did not succeed."""
    words = {RunOutcome.REFUSED: "refused", RunOutcome.TIMEOUT: "did not answer in time", RunOutcome.ERROR: "failed"}
    return f"{run.collector} of {run.source} {words.get(run.outcome, run.outcome)}: {run.detail}"
