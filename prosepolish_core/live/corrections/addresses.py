"""What an answer may not make up: web and mail addresses, names of accounts, codes, telephone and account numbers."""

import re

#: Every repeat is bounded, so that a search takes no longer than reading.
ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>\"'()\[\]]{1,300}"
    r"|[\w.+%-]{1,64}@[\w.-]{1,200}|(?<!\w)@\w{2,60}"
    r"|(?<![\w.@-])(?:[\w-]{1,63}\.){1,4}[a-z]{2,24}(?=/|\b)(?:/[^\s<>\"']{0,300})?",
    re.IGNORECASE,
)
#: A number with so few digits before its noughts is a quantity: `ten thousand` becomes 10,000.
ROUND = 2
#: Digits with what people put between them.
NUMBER = re.compile(r"\d(?:[\s().,:/+-]{0,2}\d){0,40}")
#: Shorter numbers are corrected like words: 1000 becomes 1,000 and 5pm 5 p.m.
FEW_DIGITS = 4
#: Letters and digits in one word, as names of users, things and passwords have them, but not `5pm`, `3rd`, `2x`, `4th`.
CODE = re.compile(r"(?=\w{0,60}\d)(?=\w{0,60}[^\W\d_]{3})\w{5,60}")
#: A date may be written otherwise: 3/4/24 as 03/04/2024.
DATE = re.compile(r"(?<![\d.])\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?![.:]?\d)")
_BESIDE = re.compile(r"^(?:[a-z][a-z0-9+.-]{0,20}://)?(?:w{3,4}\.)?", re.IGNORECASE)
#: Hosts whose misspelling may be put right; any other host that is not in the text is another's.
HOSTS = (
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "google.com",
    "youtube.com",
    "facebook.com",
)


def made_up(text: str, answer: str) -> bool:
    """Whether the answer names an address or a long number that the text does not."""
    letters, digits = _letters(text), "".join(c for c in text if c.isdigit())
    for found in ADDRESS.findall(answer):
        address = _letters(_BESIDE.sub("", found.rstrip(".,;:!?")))
        if address not in letters and not _put_right(address, text, letters):
            return True
    if any(_letters(code) not in letters for code in CODE.findall(answer)):
        return True
    if DATE.search(text):
        answer = DATE.sub("", answer)
    numbers = ("".join(c for c in found if c.isdigit()) for found in NUMBER.findall(answer))
    return any(len(number) > FEW_DIGITS and len(number.rstrip("0")) > ROUND and number not in digits for number in numbers)


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _put_right(address: str, text: str, letters: str) -> bool:
    """Whether only the host of a typed address was misspelt, and is now one that everybody knows."""
    for host in map(_letters, HOSTS):
        if address.endswith(host) and ADDRESS.search(text):
            owner = address.removesuffix(host)
            return not owner or owner in letters
    return False
