"""XML: one element a row, found by the path that the feed gives; entities and document types are refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, canonicalize, iterparse, tostring
from xml.parsers import expat

from muniment.feeds import sources
from muniment.feeds.chunks import Chunk
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import Table
from muniment.feeds.formats.nested import Item, chunk, shapes_of
from muniment.feeds.limits import Limits
from muniment.feeds.presence import Seen, wanted


def inspect(path: Path, table: Table, limits: Limits) -> Seen:
    """Parse a file through and return what was seen of its rows.

    Raise BadFile when it is not well formed, or holds none of its row elements.
    """
    (part,) = sources.parts(path, table.format, table.member, limits)
    for _ in sources.drained(part, limits):
        pass
    seen = Seen(wanted(table))
    lacks, empty = True, True
    for element in _elements(path, table, limits):
        empty = False
        if lacks:
            seen.note(_content(element))
            lacks = seen.lacks()
    if empty and table.kind == "full":
        raise BadFile(f"{path.name} holds no element {table.rows_at}: correct rows_at, or ask for the export again.")
    return seen


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a file."""
    shapes = shapes_of(table)
    items: list[Item] = []
    for number, element in enumerate(_elements(path, table, limits), 1):
        items.append(Item(number, _content(element), tostring(element, encoding="unicode").strip()))
        if len(items) >= limits.chunk_rows:
            yield chunk(items, [], shapes)
            items = []
    if items:
        yield chunk(items, [], shapes)


def _elements(path: Path, table: Table, limits: Limits) -> Iterator[Element]:
    """Yield every row element and forget it afterwards, so that memory does not grow with the file."""
    wanted = table.rows_at.strip("/").split("/")
    (part,) = sources.parts(path, table.format, table.member, limits)
    _refuse_document_type(part)
    trail: list[Element] = []
    try:
        with part.open() as stream:
            for event, element in iterparse(stream, events=("start", "end")):  # noqa: S314 - no document type, so no entities
                if event == "start":
                    trail.append(element)
                    if len(trail) > limits.depth:
                        raise BadFile(f"{path.name} is nested deeper than {limits.depth} elements.")
                    continue
                if _name(element.tag) == wanted[-1] and [_name(step.tag) for step in trail[-len(wanted) :]] == wanted:
                    yield element
                    element.clear()
                    if len(trail) > 1:
                        trail[-2].remove(element)
                trail.pop()
    except ParseError as error:
        raise BadFile(f"{path.name} is not well-formed XML or was cut off ({error}): have it sent again.") from error
    except LookupError as error:
        raise BadFile(f"{path.name} declares an encoding that is not known ({error}).") from error


def _refuse_document_type(part: sources.Part) -> None:
    """Raise BadFile when a document type stands before the root, the only place where it can declare entities.

    The parser that refuses them anywhere is written in Python and seven times slower.
    """
    begun: list[str] = []

    def refuse(*declaration: object) -> None:
        raise BadFile(f"{part.name} is refused: it declares a document type, which can hide entities.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: begun.append(name)
    with part.open() as stream:
        while not begun and (block := stream.read(65_536)):
            try:
                parser.Parse(block)
            except expat.ExpatError as error:
                raise BadFile(f"{part.name} is not well-formed XML ({error}): have it sent again.") from error


def _content(element: Element) -> dict[str, Any]:
    """Return an element as a mapping: attributes as @name, text as #text, repeated children as lists."""
    content: dict[str, Any] = {f"@{_name(key)}": value for key, value in element.attrib.items()}
    for inner in element:
        name = _name(inner.tag)
        value: Any = _content(inner) if len(inner) or inner.attrib else inner.text
        if name not in content:
            content[name] = value
        elif isinstance(content[name], list):
            content[name].append(value)
        else:
            content[name] = [content[name], value]
    pieces = [element.text, *(inner.tail for inner in element)]
    if any(piece and piece.strip() for piece in pieces) and not content.get("#text"):
        content["#text"] = " ".join(" ".join(element.itertext()).split()) if len(element) else element.text
    return content


def _name(tag: str) -> str:
    return tag.rpartition("}")[2] if "}" in tag else tag


def plain(original: str) -> str:
    """Return the text of a row in canonical form, without the spaces between its elements."""
    try:
        return canonicalize(original, strip_text=True)
    except ParseError:
        return original
