"""The whole forecast as one file: a workbook, an open spreadsheet or a PDF."""

from typing import Final

from muniment.core import workbooks
from muniment.core.models import BatchRun
from muniment.retention.foresight import foresight_print, foresight_workbook
from muniment.retention.foresight.foresight_tables import Forecast
from muniment.retention.foresight.foresight_workbook import About

KINDS: Final = {"xlsx": workbooks.KIND, "ods": workbooks.OPEN, "pdf": "application/pdf"}


def made(form: str, run: BatchRun, of: Forecast, about: About) -> bytes:
    """Return a forecast in one of the forms of `KINDS`."""
    if form == "pdf":
        return foresight_print.as_pdf(run, of, about)
    return foresight_workbook.made(run, of, about, is_open=form == "ods")
