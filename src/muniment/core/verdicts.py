"""One verdict, with its reasons: actions raise on it, screens show it."""

from dataclasses import dataclass


class Refused(Exception):
    """Policy, permission or the state of things forbids what was asked; the message gives the reasons."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        """Keep the reasons, each a sentence."""
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Verdict:
    """Whether something may be done, and if not, every reason why not."""

    reasons: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.reasons

    def __bool__(self) -> bool:
        return self.allowed

    def __and__(self, other: "Verdict") -> "Verdict":
        """Both must allow; all reasons are kept."""
        return Verdict(self.reasons + other.reasons)

    def require(self) -> None:
        """Raise Refused unless allowed."""
        if self.reasons:
            raise Refused(self.reasons)


ALLOWED = Verdict()


def refused(*reasons: str) -> Verdict:
    """Return a verdict against, with its reasons."""
    return Verdict(tuple(reasons))


def unless(condition: bool, reason: str) -> Verdict:
    """Allow when the condition holds; otherwise refuse with the reason."""
    return ALLOWED if condition else refused(reason)
