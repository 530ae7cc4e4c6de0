"""XML: one element a row, found by the path that the feed gives; entities and document types are refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, tostring  # parsing is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from muniment.feeds import sources
from muniment.feeds.chunks import Chunk
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import Table
from muniment.feeds.formats.nested import Item, chunk, each_paths
from muniment.feeds.limits import Limits


def inspect(path: Path, table: Table, limits: Limits) -> None:
    """Parse a file through. Raise BadFile when it is not well formed, or holds none of its row elements."""
    (part,) = sources.parts(path, table.format, table.member, limits)
    for _ in sources.drained(part, limits):
        pass
    found = sum(1 for _ in _elements(path, table, limits))
    if not found and table.kind == "full":
        raise BadFile(f"{path.name} holds no element {table.rows_at}: correct rows_at, or ask for the export again.")


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a file."""
    each = each_paths(table)
    items: list[Item] = []
    for number, element in enumerate(_elements(path, table, limits), 1):
        items.append(Item(number, _content(element), tostring(element, encoding="unicode").strip()))
        if len(items) >= limits.chunk_rows:
            yield chunk(items, [], each)
            items = []
    if items:
        yield chunk(items, [], each)


def _elements(path: Path, table: Table, limits: Limits) -> Iterator[Element]:
    """Yield every row element and forget it afterwards, so that memory does not grow with the file."""
    wanted = table.rows_at.strip("/").split("/")
    (part,) = sources.parts(path, table.format, table.member, limits)
    trail: list[Element] = []
    try:
        with part.open() as stream:
            for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    trail.append(element)
                    if len(trail) > limits.depth:
                        raise BadFile(f"{path.name} is nested deeper than {limits.depth} elements.")
                    continue
                if [_name(step.tag) for step in trail[-len(wanted) :]] == wanted:
                    yield element
                    element.clear()
                    if len(trail) > 1:
                        trail[-2].remove(element)
                trail.pop()
    except ParseError as error:
        raise BadFile(f"{path.name} is not well-formed XML or was cut off ({error}): have it sent again.") from error
    except (DefusedXmlException, LookupError) as error:
        raise BadFile(f"{path.name} is refused: it declares entities or a document type ({error}).") from error


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
    if element.text and element.text.strip() and not content.get("#text"):
        content["#text"] = element.text
    return content


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
