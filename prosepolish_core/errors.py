"""The one error tree: everything this project raises on purpose.

ProsePolishError
├── InvalidInput (also ValueError)      the caller passed something we refuse; nothing was asked of any server
│   ├── InvalidWord                     empty, too long, control characters, surrogates
│   ├── InvalidText                     a text to correct that is empty or too long
│   ├── InvalidIdentifier               a user id, subject, device or key family
│   ├── InvalidLimit                    a limit, cost or window out of range
│   └── InvalidWindow                   a time range that cannot be read
├── ConfigError (also ValueError)       an environment variable is wrong; the message names it, never its value
├── LookupUnavailable                   no tier could answer
├── CacheUnavailable                    the cache server cannot be reached or refused; never leaves the core
├── StoreUnavailable                    PostgreSQL cannot be reached or refused the query
│   ├── StoreRefused                    it is well, and does not take this value or statement
│   └── StoreOutcomeUnknown             it was told to commit, and did not say whether it has
├── SourceUnavailable                   an observed instance cannot be reached or hung up
│   └── SourceTimeout                   it did not answer in time
├── NoAnswer                            an observed instance gave no answer to one command
│   ├── SourceRefused                   it refused the command, or our name and password
│   └── SourceUnreadable                its reply is no answer to the command, or did not come
├── SessionUnavailable                  the store of sessions cannot be asked; nothing was changed
│   └── SessionOutcomeUnknown           the change may have happened or not; the message says what to do
├── TellingFailed                       a message about an incident did not reach its receiver
├── MigrationError                      the schema is newer than this code, or an applied file was edited
└── StartupError                        a program cannot start here; the message says how to fix it
"""


class ProsePolishError(Exception):
    """Base of every error raised on purpose by this project."""


class InvalidInput(ProsePolishError, ValueError):
    """An argument was refused before any server was asked."""


class InvalidWord(InvalidInput):
    """The word cannot be looked up: empty, too long, or not text."""


class InvalidText(InvalidInput):
    """The text cannot be corrected: empty, too long, or not text."""


class InvalidIdentifier(InvalidInput):
    """A user id, subject, device name or key family is not acceptable."""


class InvalidLimit(InvalidInput):
    """A limit, a cost or a window is out of range."""


class InvalidWindow(InvalidInput):
    """A time range cannot be read."""


class ConfigError(ProsePolishError, ValueError):
    """An environment variable is missing or wrong. Names the variable, never its value."""


class LookupUnavailable(ProsePolishError):
    """No tier could answer. `trace` tells what each tier said."""

    def __init__(self, message: str, trace: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.trace = trace


class CacheUnavailable(ProsePolishError):
    """The cache server cannot do its work. `outcome` and `detail` are the words a trace step uses."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(f"the cache server failed: {detail}")
        self.outcome = outcome
        self.detail = detail


class StoreUnavailable(ProsePolishError):
    """PostgreSQL cannot be reached, or refused the query:
    what is wrong, what to do, and the word that a trace step uses.
    """

    def __init__(self, reason: str, action: str = "", word: str = "unavailable") -> None:
        super().__init__(f"{reason}; {action}" if action else reason)
        self.reason = reason
        self.action = action
        self.word = word


class StoreRefused(StoreUnavailable):
    """PostgreSQL is well and does not take this value or this statement; asking again does not help."""


class StoreOutcomeUnknown(StoreUnavailable):
    """PostgreSQL was told to commit and did not say whether it has: what was written is there, or it is not."""


class SessionUnavailable(ProsePolishError):
    """The store of sessions could not be asked, or could not make the change durable; nothing was changed."""


class SessionOutcomeUnknown(SessionUnavailable):
    """Only the reply was lost: the change may have happened or not. The message says how to find out."""


class TellingFailed(ProsePolishError):
    """A message did not reach its receiver, or nobody knows whether it did (`maybe_told`)."""

    def __init__(self, message: str, *, maybe_told: bool) -> None:
        super().__init__(message)
        self.maybe_told = maybe_told


class MigrationError(ProsePolishError):
    """The schema is newer than this code, or an applied migration was edited."""


class StartupError(ProsePolishError):
    """`prosepolish up` or the collectors cannot start. The message is one sentence with the fix."""


class SourceUnavailable(ProsePolishError):
    """An observed instance cannot be reached, or hung up."""


class SourceTimeout(SourceUnavailable):
    """An observed instance did not answer in time."""


class NoAnswer(ProsePolishError):
    """An observed instance gave no answer to one command.

    `reason` is a short machine word, never the server's sentence.
    """

    def __init__(self, reason: str, command: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.command = command

    @property
    def told(self) -> str:
        """Command and reason as the detail of a run has them."""
        return f"{self.command}={self.reason}" if self.command else self.reason


class SourceRefused(NoAnswer):
    """It refused the command, or our name and password."""


class SourceUnreadable(NoAnswer):
    """Its reply is no answer to the command, or did not come."""

    def __init__(self, command: str = "", reason: str = "unexpected reply") -> None:
        super().__init__(reason, command)


class TraceTooShort(ProsePolishError):
    """The access trace does not reach far enough back for this question; the message says how far it must."""
