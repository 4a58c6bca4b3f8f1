"""A text typed with another keyboard layout switched on: the same keys, read as the layouts that people mix up."""

#: The keys of three rows from left to right, as each layout writes them.
LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"
LAYOUTS = (
    "йцукенгшщзхъфывапролджэячсмитьбю.ё",  # Russian
    "йцукенгшщзхїфівапролджєячсмитьбю.ґ",  # Ukrainian
    ";ςερτυθιοπ[]ασδφγηξκλ΄'ζχψωβνμ,./`",  # Greek
    "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ.;",  # Hebrew
    "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرﻻىةوزظذ",  # Arabic
)


def _reading(one: str, other: str) -> dict[int, str]:
    """What each character becomes when its key is read with the other layout;
    only letters are keys worth the exchange.
    """
    small = {ord(a): b for a, b in zip(one, other, strict=True)}
    return small | {ord(a.upper()): b.upper() for a, b in zip(one, other, strict=True) if a.isalpha() and len(a.upper()) == 1}


READINGS = tuple(_reading(*pair) for layout in LAYOUTS for pair in ((LATIN, layout), (layout, LATIN)))


def readings(text: str) -> list[str]:
    """The text as every other layout would have written it, where that changes something."""
    return [read for table in READINGS if (read := text.translate(table)) != text]
