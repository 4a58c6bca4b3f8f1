"""The rows of a benchmark's table: printed as they are seen, and gathered by `python -m benchmarks`."""

SIGN = "= "


def row(question: str, bar: str, seen: str, met: bool) -> bool:
    """Print one row; gives back whether the bar is met."""
    print(f"{SIGN}{question} | {bar} | {seen} | {'met' if met else 'MISSED'}", flush=True)
    return met


def table(lines: list[str]) -> str:
    """The rows among the lines, under one another."""
    rows = [["question", "bar", "seen", ""], *(line.removeprefix(SIGN).split(" | ") for line in lines if line.startswith(SIGN))]
    if len(rows) == 1:
        return ""
    widths = [max(len(cells[n]) for cells in rows) for n in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), *cells[3:]]) for cells in rows
    )
