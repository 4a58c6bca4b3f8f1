"""calc/promql.py: each kind of node, over names that differ from ours."""

import pytest

from prosepolish_core.calc.expression import (
    Age,
    Arithmetic,
    Earlier,
    Expression,
    Guarded,
    HistogramQuantile,
    Increase,
    Latest,
    OnlyWhere,
    Total,
)
from prosepolish_core.calc.promql import Exported, PromqlWriter

WRITER = PromqlWriter(
    {
        "g": Exported("redis_g"),
        "c": Exported("redis_c_total"),
        "small": Exported("redis_s", scale=1e-3),
        "h": Exported("redis_h_usec_bucket", ("cmd", "instance", "le"), bounds=1e-6),
        "born": Exported("redis_b_total", ("error", "instance"), read="redis_read"),
        "split": Exported("redis_l", ("instance", "replica")),
        "age of g": Exported("redis_read_at"),
        "part": Exported("x_total", ("kind", "model"), where=(("kind", "paid"),)),
        "up": Exported("", text="min(store_up)"),
    },
    {"error": ("err",), "replica": ("ip", "port")},
)
C = Increase("c", 60.0)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Latest("g", (("k", "a|b"),)), 'redis_g{k=~"a|b"}'),
        (Latest("small"), "(redis_s * 0.001)"),
        (Latest("up"), "min(store_up)"),
        (Age("g"), "(time() - redis_read_at)"),
        (Arithmetic(C, "/", 60.0), "(increase(redis_c_total[1m]) / 60)"),
        (Earlier(C, 300.0), "increase(redis_c_total[1m] offset 5m)"),
        (Earlier(Earlier(Latest("g"), 60.0), 30.0), "redis_g offset 90s"),
        (Total(Increase("part", 3600.0), ()), 'sum (increase(x_total{kind="paid"}[1h]))'),
        (
            HistogramQuantile(0.99, "h", 60.0, (("cmd", "get"),), ("instance", "cmd")),
            '(histogram_quantile(0.99, sum by (instance, cmd, le) (increase(redis_h_usec_bucket{cmd="get"}[1m]))) * 1e-06)',
        ),
        (Arithmetic(Latest("split"), "/", Latest("g")), "(redis_l / on (instance) group_left () redis_g)"),
        (Guarded(Latest("g"), Total(C), 104857600.0), "(redis_g and on (instance) (sum by (instance) (increase(redis_c_total[1m])) >= 104857600))"),
        (
            Guarded(Latest("g"), Latest("g"), 2.0, otherwise=0.0),
            "((redis_g and on (instance) (redis_g >= 2)) or on (instance) ((redis_g < 2) * 0 + 0))",
        ),
        (OnlyWhere(Latest("g"), "policy", ("all-", "v-"), but=True), '(redis_g and on (instance) redis_instance_info{policy!~"all-.*|v-.*"})'),
    ],
)  # fmt: skip
def test_a_node_is_written_over_the_names_that_metrics_give(expression: Expression, text: str) -> None:
    """Every number with all its digits."""
    assert WRITER.text(expression) == text


def test_a_counter_made_at_its_first_use_has_grown_by_all_it_shows() -> None:
    """Where its source was read before; else its growth alone is known."""
    assert WRITER.text(Increase("born", 600.0, (("error", "OOM"),))) == (
        '(((redis_b_total{err="OOM"} unless redis_b_total{err="OOM"} offset 10m) and on (instance) redis_read offset 10m > 0)'
        ' or increase(redis_b_total{err="OOM"}[10m]))'
    )


def test_labels_are_those_that_tell_the_values_apart() -> None:
    """Of a sum those it keeps; of a pair the left side's; told as they are told."""
    assert WRITER.labels(Arithmetic(Latest("split"), "/", Latest("g"))) == ("instance", "replica")
    assert WRITER.labels(Guarded(Total(C, ("cmd",)), Latest("g"), 1.0)) == ("cmd",)
    assert WRITER.told(("instance", "replica")) == ("instance", "ip", "port")


def test_a_metric_that_is_not_told_is_an_error() -> None:
    """Nobody writes a rule over nothing."""
    with pytest.raises(KeyError):
        WRITER.text(Latest("unheard"))
