"""Student's t against the published table."""

import pytest

from prosepolish_core.calc.students_t import two_sided


@pytest.mark.parametrize(
    ("share", "degrees", "factor"),
    [
        (0.95, 4, 2.776), (0.95, 5, 2.571), (0.95, 10, 2.228), (0.95, 29, 2.045), (0.95, 10_000, 1.960),
        (0.90, 5, 2.015), (0.90, 12, 1.782), (0.90, 26, 1.706), (0.99, 29, 2.756),
    ],
)  # fmt: skip
def test_the_factor_is_that_of_the_table(share: float, degrees: int, factor: float) -> None:
    """Within half a percent."""
    assert two_sided(share, degrees) == pytest.approx(factor, rel=0.005)


def test_with_next_to_nothing_known_there_is_no_interval() -> None:
    """Below four degrees of freedom nobody is told one."""
    assert two_sided(0.95, 3) == float("inf")
