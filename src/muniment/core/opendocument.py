"""Tables as a spreadsheet in the open format (.ods, OpenDocument 1.2), with what `workbooks` gives and nothing beside.

It has no properties, no settings and no preview: cells with their styles, and the marking at the head of each page.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from xml.dom.minidom import Document, Element, parseString

import odswriter
from django.utils import timezone

from muniment.core import workbooks
from muniment.core.workbooks import ABOUT, MARKING, Month, Sheet, Value

_CM = 0.2  # of a character
_SPACES: Final = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        *(("office", "office"), ("style", "style"), ("number", "datastyle"), ("fo", "xsl-fo-compatible")),
        *(("text", "text"), ("table", "table")),
    )
)
_NUMBER = '<number:number number:decimal-places="{0}" number:min-integer-digits="1" number:grouping="true"/>'
_LONG = 'number:style="long"'
_MONTH = f'<number:month {_LONG} number:textual="true"/><number:text> </number:text><number:year {_LONG}/>'
_DAY = (
    f"<number:year {_LONG}/><number:text>-</number:text><number:month {_LONG}/><number:text>-</number:text>"
    f"<number:day {_LONG}/>"
)
_TIME = f"<number:text> </number:text><number:hours {_LONG}/><number:text>:</number:text><number:minutes {_LONG}/>"
_FORMATS: Final = (
    (datetime, "moment", f'<number:date-style style:name="n-moment">{_DAY}{_TIME}</number:date-style>'),
    (Month, "month", f'<number:date-style style:name="n-month">{_MONTH}</number:date-style>'),
    (date, "day", f'<number:date-style style:name="n-day">{_DAY}</number:date-style>'),
    (int, "whole", f'<number:number-style style:name="n-whole">{_NUMBER.format(0)}</number:number-style>'),
    (float, "part", f'<number:number-style style:name="n-part">{_NUMBER.format(2)}</number:number-style>'),
)
_CELL = '<style:style style:name="{0}" style:family="table-cell" style:data-style-name="n-{0}"/>'
_HEAD = '<style:style style:name="head" style:family="table-cell"><style:text-properties {0}/></style:style>'
_WIDE = '<style:style style:name="{0}" style:family="table-column"><style:table-column-properties {1}/></style:style>'
_ON_ITS_SIDE = 'style:print-orientation="landscape" fo:page-width="29.7cm" fo:page-height="21cm"'
# What a page is printed with. The library knows no page.
_PAGES: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-styles {_SPACES} office:version="1.2"><office:styles/><office:automatic-styles>
<style:page-layout style:name="page"><style:page-layout-properties {_ON_ITS_SIDE}/><style:header-style/>
</style:page-layout></office:automatic-styles><office:master-styles>
<style:master-page style:name="Default" style:page-layout-name="page"><style:header><text:p>{MARKING}</text:p>
</style:header></style:master-page></office:master-styles></office:document-styles>
"""


def workbook(title: str, about: Iterable[tuple[str, Value]], sheets: Sequence[Sheet], *, made_at: datetime) -> bytes:
    """Return tables as an open spreadsheet, the same bytes each time: what `workbooks.workbook` says holds here too."""
    raw = io.BytesIO()
    with odswriter.writer(raw) as book:
        _style(book.dom, *(form for _, _, form in _FORMATS), *(_CELL.format(name) for _, name, _ in _FORMATS))
        _style(book.dom, _HEAD.format('fo:font-weight="bold"'))
        for each in book.dom.getElementsByTagName("style:style"):
            if each.getAttribute("style:family") == "table":
                each.setAttribute("style:master-page-name", "Default")
        for name, sheet in workbooks.named(title, about, sheets):
            _write(book, name, sheet)
    return _packed(raw, timezone.localtime(made_at))


def _write(book: Any, name: str, sheet: Sheet) -> None:
    made, dom = book.new_sheet(name), book.dom
    for at, width in enumerate(workbooks.widths(sheet)):
        style = f"wide-{len(book.sheets)}-{at}"
        _style(dom, _WIDE.format(style, f'style:column-width="{width * _CM:.1f}cm"'))
        made.table.appendChild(_element(dom, "table:table-column", style))
    made.writerow([workbooks.plain(head or "Name") for head in sheet.heads])
    first, heads = made.table.lastChild, _element(dom, "table:table-header-rows")
    heads.appendChild(first)
    made.table.appendChild(heads)
    for cell in first.childNodes:
        cell.setAttribute("table:style-name", "head")
    for row in sheet.rows:
        made.writerow([_plain(value) for value in row])
        for at, (cell, value) in enumerate(zip(made.table.lastChild.childNodes, row, strict=True)):
            named = "head" if name == ABOUT and not at else _kind(value)
            if named:
                cell.setAttribute("table:style-name", named)


def _plain(value: Any) -> Any:
    """Return a value as the library types it; text stays text, whatever it begins with."""
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    return workbooks.plain(str(value)) if isinstance(value, bool | str) else value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return ""
    return next((name for kind, name, _ in _FORMATS if isinstance(value, kind)), "")


def _style(dom: Document, *texts: str) -> None:
    (styles,) = dom.getElementsByTagName("office:automatic-styles")
    made: Any = parseString(f"<styles {_SPACES}>{''.join(texts)}</styles>")  # noqa: S318 - texts of our own
    for each in made.documentElement.childNodes:
        styles.appendChild(dom.importNode(each, deep=True))


def _element(dom: Document, name: str, style: str = "") -> Element:
    made = dom.createElement(name)
    if style:
        made.setAttribute("table:style-name", style)
    return made


def _packed(raw: io.BytesIO, made_at: datetime) -> bytes:
    """Return the parts as one file again: with the pages, and all of the moment at which the figures were made."""
    out, day = io.BytesIO(), made_at.timetuple()[:6]
    with zipfile.ZipFile(raw) as given, zipfile.ZipFile(out, "w") as packed:
        for part in given.infolist():
            text = _PAGES.encode() if part.filename == "styles.xml" else given.read(part)
            packed.writestr(zipfile.ZipInfo(part.filename, day), text, part.compress_type)
    return out.getvalue()
