"""Student's t: how far a mean of few values may lie from the truth."""

from statistics import NormalDist

#: With fewer degrees of freedom the expansion is off, and nobody should be told an interval.
FEWEST = 4


def two_sided(share: float, degrees: int) -> float:
    """The factor of an interval that covers `share`; infinite below four degrees of freedom.

    Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5); at 95 % within half a percent of the published table.
    """
    if degrees < FEWEST:
        return float("inf")
    z = NormalDist().inv_cdf(0.5 + share / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    away: float = z + sum(term / degrees ** (power + 1) for power, term in enumerate(terms))
    return away
