"""Whether bytes are text of the encoding that a feed declares, and which encoding they are likelier of."""

from muniment.feeds import sources
from muniment.feeds.chunks import decodes
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import Dialect
from muniment.feeds.limits import Limits

_MINIMUM_LINES = 10  # of non-ASCII text, before the declared encoding is called wrong
_MARKS = (  # the longer first: the mark of UTF-32 begins as that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8"),
)


def last_line(part: sources.Part, dialect: Dialect, limits: Limits) -> bytes:
    """Go through the bytes of a stream and return its last line. Raise BadFile when they are not of its encoding."""
    encoding = _folded(dialect)
    wide = is_wide(encoding)
    beyond_ascii = undecoded = utf8 = 0
    block = b""
    for number, block in enumerate(sources.drained(part, limits)):
        if number == 0:
            _inspect_start(part.name, block[:4000], dialect)
        if wide or block.isascii():
            continue
        for line in block.split(b"\n"):
            if not line.isascii():
                beyond_ascii += 1
                undecoded += not decodes(line, encoding)
                utf8 += decodes(line, "utf-8")
    last = block[block.rstrip(b"\n").rfind(b"\n") + 1 :]
    if beyond_ascii < _MINIMUM_LINES:
        return last
    if undecoded * 2 > beyond_ascii:
        raise BadFile(
            f"{part.name} is not {dialect.encoding}: {undecoded:,} of its {beyond_ascii:,} lines beyond ASCII do"
            f" not decode. Set dialect.encoding, for instance to {'utf-8' if utf8 == beyond_ascii else 'cp1252'}."
        )
    if utf8 == beyond_ascii and encoding not in ("utf-8", "utf8", "utf-8-sig"):
        raise BadFile(f"{part.name} is UTF-8 and the feed says {dialect.encoding}: set dialect.encoding to utf-8.")
    return last


def is_wide(encoding: str) -> bool:
    """Say whether an encoding has several bytes for every letter."""
    return encoding.startswith(("utf-16", "utf-32"))


def named_by(start: bytes, dialect: Dialect, name: str) -> str:
    """Return the encoding that a feed declares. Raise BadFile where a file begins as one of another."""
    encoding = _folded(dialect)
    of = next((of for mark, of in _MARKS if start.startswith(mark)), None)
    if of is not None and not encoding.startswith((of, of.replace("-", ""))):
        raise BadFile(f"{name} begins as {of} and the feed says {encoding}: set dialect.encoding to {of}.")
    if of is None and encoding in ("utf-16", "utf-32"):
        raise BadFile(
            f"{name} does not begin with the mark of {encoding}, by which its bytes are read: set dialect.encoding to"
            f" {_likely(start, encoding)}."
        )
    if not is_wide(encoding) and start.count(0) * 3 > len(start):
        raise BadFile(f"{name} is binary or UTF-16 without its mark, not {encoding}: correct dialect.encoding.")
    return encoding


def _folded(dialect: Dialect) -> str:
    return dialect.encoding.lower().replace("_", "-")


def _inspect_start(name: str, line: bytes, dialect: Dialect) -> None:
    if kind := sources.looks_like(line):
        raise BadFile(f"{name} is {kind}, not delimited text: correct the format of the table or the file.")
    named_by(line, dialect, name)


def _likely(start: bytes, encoding: str) -> str:
    """Return the encoding that bytes without a mark are likely of: in which the zeros come first or last, if any do."""
    if start.count(0) * 3 < len(start):
        return "utf-8 or cp1252"
    return f"{encoding}-be" if start[:1] == b"\x00" else f"{encoding}-le"
