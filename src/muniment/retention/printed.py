"""Pages on paper: the marking at the head, the number at the foot, and tables, as a PDF that says what is what."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from fpdf.enums import XPos, YPos
from fpdf.prefs import ViewerPreferences

from muniment.retention.tagged import TaggedPage, TaggedTable

# What the built-in fonts lack, and policy texts hold.
_PLAIN = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "→": "to", "≥": ">="})
_TITLE, _SECTION = 14, 12  # points above which a heading is the title, and one of a section
_EMPTY = "\N{NO-BREAK SPACE}"
_MANY = 9  # columns of numbers, from which on they are smaller


class Page(TaggedPage):
    """A page with the marking at its head and the number at its foot."""

    def __init__(self, marking: str = "OFFICIAL-SENSITIVE", *, wide: bool = False) -> None:
        """Make a document of pages of A4, all with one marking; wide ones lie on their side."""
        super().__init__(orientation="landscape" if wide else "portrait", format="A4")
        self.marking = marking

    def header(self) -> None:
        """Print the marking."""
        self.set_font("Helvetica", "B", 9)
        with self.marked(None):
            self.cell(0, 6, self.marking, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Print the number of the page."""
        self.set_y(-15)
        self.set_font("Helvetica", "", 8)
        with self.marked(None):
            self.cell(0, 6, f"Page {self.page_no()} of {{nb}}", align="C")

    def begin(self, title: str, made_at: datetime) -> None:
        """Begin the first page: what is written depends on these and on what follows, and on nothing else."""
        self.set_title(title)
        self.set_lang("en-GB")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_creator("Muniment")
        self.set_creation_date(made_at)
        self.add_page()


def latin(text: object) -> str:
    """Write what the built-in fonts can show; anything else becomes a question mark."""
    return str(text).translate(_PLAIN).encode("latin-1", "replace").decode("latin-1")


def heading(page: Page, text: str, points: int) -> None:
    """Print a heading, which stands in the outline of the document too."""
    page.set_font("Helvetica", "B", points)
    with as_one(page, "H1" if points > _TITLE else "H2" if points > _SECTION else "H3", points * 0.55):
        page.start_section(latin(text), level=0 if points > _SECTION else 1)
        page.multi_cell(0, points * 0.55, latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(1)


@contextmanager
def as_one(page: Page, kind: str, height: float) -> Iterator[None]:
    """Tag what is printed here as one element; on the next page where its first line, so high, does not fit here."""
    if page.will_page_break(height):
        page.add_page()
    with page.marked(page.element(kind)):
        yield


def paragraph(page: Page, text: str, *, style: str = "") -> None:
    """Print a paragraph."""
    page.set_font("Helvetica", style, 10)
    with as_one(page, "P", 5.5):
        page.multi_cell(0, 5.5, latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(2)


def table(page: Page, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table; its heads stand on every page that it goes over."""
    page.set_font("Helvetica", "", 9)
    _fill(TaggedTable(page, text_align="LEFT"), [heads, *rows])
    page.ln(4)


def figures(page: Page, heads: Sequence[str], rows: Iterable[Iterable[object]], *, least: int = 2) -> None:
    """Print a table of numbers, each to the right of its column; the first column names the rows.

    It begins on the next page where its heads and `least` rows do not fit any more.
    """
    many = len(heads) > _MANY
    page.set_font("Helvetica", "", 7 if many else 8)
    if page.will_page_break(6 * (least + 2)):
        page.add_page()
    align = ("LEFT", *["RIGHT"] * (len(heads) - 1))
    widths = (2.2 if many else 1.6, *[1.0] * (len(heads) - 1))
    drawn = TaggedTable(page, names_rows=True, text_align=align, col_widths=widths, line_height=3.6, padding=0.7)
    _fill(drawn, (heads, *rows))
    page.ln(4)


def _fill(drawn: TaggedTable, rows: Iterable[Iterable[object]]) -> None:
    """Print rows; a cell without words holds a space, so that each row has one for each head."""
    for row in rows:
        drawn.row([latin(cell) or _EMPTY for cell in row])
    drawn.render()
