"""Work files for the owners of sources: CSV in a source's own references, as spreadsheets open it."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse


def response(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """Return a work file to download; `name` is without its ending."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([_plain(text) for text in row] for row in rows)
    found = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    found["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return found


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
