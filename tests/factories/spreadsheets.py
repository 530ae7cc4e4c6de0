"""What a workbook holds beside the cells that it shows: nothing."""

import io
import re
import zipfile
from xml.etree import ElementTree

import openpyxl


def rows(made: bytes, sheet: str) -> list[list[object]]:
    """Return what the cells of a sheet hold, row by row, of a workbook that holds nothing beside them."""
    nothing_beside(made)
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(made))[sheet].iter_rows()]


def nothing_beside(made: bytes) -> None:
    """Hold a workbook to what it shows: opened as a file of parts, and as a spreadsheet does."""
    named = parts(made)
    plain = re.compile(
        r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core)\.xml|xl/(styles|workbook|sharedStrings|theme/theme1)\.xml"
        r"|xl/_rels/workbook\.xml\.rels|xl/worksheets/sheet\d+\.xml"
    )
    assert [name for name in named if not plain.fullmatch(name)] == [], "no comment, cache, drawing, link or macro"
    assert not re.search(r'[hH]idden(="(?!0")|")|externalLink|<f>|<f ', "".join(named.values()))
    assert set(re.findall(r"<dc:creator>(.*?)</|<cp:lastModifiedBy>(.*?)</", named["docProps/core.xml"])) == {
        ("Muniment", ""), ("", "Muniment")
    }  # fmt: skip
    told = set(re.findall(r"<(?:\w+:)?(\w+)[ >]", named["docProps/core.xml"])) - {"coreProperties"}
    assert told <= {"creator", "lastModifiedBy", "title", "created", "modified"}
    assert not re.search(r"<(Manager|Company)>", named["docProps/app.xml"])
    for page in openpyxl.load_workbook(io.BytesIO(made)):
        assert page.sheet_state == "visible"
        assert not any(each.hidden for each in (*page.column_dimensions.values(), *page.row_dimensions.values()))
        assert not any(cell.comment or cell.hyperlink for row in page.iter_rows() for cell in row)
        assert not page.auto_filter.ref and not page._pivots and not page._images and not page._charts


def parts(made: bytes) -> dict[str, str]:
    """Return the parts of a workbook, by name."""
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        return {each: packed.read(each).decode() for each in packed.namelist()}


def open_rows(made: bytes, sheet: str) -> list[list[object]]:
    """Return what the cells of a sheet of an open spreadsheet show, row by row, which holds nothing beside them."""
    nothing_beside_open(made)
    (page,) = (each for each in _content(made).iter(f"{_TABLE}table") if each.get(f"{_TABLE}name") == sheet)
    return [[_value(cell) for cell in row] for row in page.iter(f"{_TABLE}table-row")]


def nothing_beside_open(made: bytes) -> None:
    """Hold an open spreadsheet to what it shows: no part, no element and no attribute but those of visible cells."""
    named = parts(made)
    assert sorted(named) == ["META-INF/manifest.xml", "content.xml", "mimetype", "styles.xml"]
    assert next(iter(named)) == "mimetype"
    body = next(_content(made).iter("{urn:oasis:names:tc:opendocument:xmlns:office:1.0}spreadsheet"))
    held = {each.tag.rpartition("}")[2] for each in body.iter()} - {"spreadsheet"}
    assert held <= {"table", "table-column", "table-header-rows", "table-row", "table-cell", "p"}
    told = {name.rpartition("}")[2] for each in body.iter() for name in each.attrib}
    assert told <= {"name", "style-name", "value-type", "value", "date-value"}, "no formula, nothing hidden, no comment"
    assert not re.search(r'visibility|display="false"|hidden|xlink:href|dc:creator', "".join(named.values()))


_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


def _content(made: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(parts(made)["content.xml"])


def _value(cell: ElementTree.Element) -> object:
    kind, text = cell.get(f"{_OFFICE}value-type"), "".join(cell.itertext())
    if kind == "float":
        return float(cell.get(f"{_OFFICE}value", ""))
    return cell.get(f"{_OFFICE}date-value") if kind == "date" else text or None
