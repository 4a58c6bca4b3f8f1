"""Redis commands in the wire format, packed by hand: one value, one command, one Lua script."""

from hashlib import sha1
from importlib.resources import files


def bulk(value: bytes) -> bytes:
    """One value as the protocol writes it."""
    return b"$%d\r\n%b\r\n" % (len(value), value)


def pack(*arguments: str | bytes | int) -> bytes:
    """One command."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        raw = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


class Script:
    """The text of one `.lua` file of a package, its digest, and how a call of it is packed."""

    def __init__(self, package: str, name: str, text: str | None = None) -> None:
        self.name = name
        self.text = text if text is not None else files(package).joinpath(f"{name}.lua").read_text(encoding="utf-8")
        self.sha = sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        self._call = b"$7\r\nEVALSHA\r\n$40\r\n" + self.sha.encode() + b"\r\n"
        self._text = b"$4\r\nEVAL\r\n" + bulk(self.text.encode())
        #: The command that makes a server know the script without running it.
        self.load = pack("SCRIPT", "LOAD", self.text)

    def packed(self, words: int, tail: bytes, *, whole: bool = False) -> bytes:
        """The command: `tail` holds the packed count of keys, keys and arguments (`words` of them in all).

        It names the script by its digest; with `whole` it carries the text, for a server that does not know the script.
        """
        return b"*%d\r\n%b%b" % (words + 2, self._text if whole else self._call, tail)
