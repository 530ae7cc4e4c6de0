"""Pages on paper: the marking at the head, the number at the foot, and tables, as PDF."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

# What the built-in fonts lack, and policy texts hold.
_PLAIN = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "→": "to", "≥": ">="})
_MANY = 9  # columns of numbers, from which on they are smaller


class Page(FPDF):
    """A page with the marking at its head and the number at its foot."""

    def __init__(self, marking: str = "OFFICIAL-SENSITIVE", *, wide: bool = False) -> None:
        """Make a document of pages of A4, all with one marking; wide ones lie on their side."""
        super().__init__(orientation="landscape" if wide else "portrait", format="A4")
        self.marking = marking

    def header(self) -> None:
        """Print the marking."""
        self.set_font("Helvetica", "B", 9)
        self.cell(0, 6, self.marking, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Print the number of the page."""
        self.set_y(-15)
        self.set_font("Helvetica", "", 8)
        self.cell(0, 6, f"Page {self.page_no()} of {{nb}}", align="C")

    def begin(self, title: str, made_at: datetime) -> None:
        """Begin the first page: what is written depends on these and on what follows, and on nothing else."""
        self.set_title(title)
        self.set_lang("en-GB")
        self.set_creator("Muniment")
        self.set_creation_date(made_at)
        self.add_page()


def latin(text: object) -> str:
    """Write what the built-in fonts can show; anything else becomes a question mark."""
    return str(text).translate(_PLAIN).encode("latin-1", "replace").decode("latin-1")


def heading(page: FPDF, text: str, points: int) -> None:
    """Print a heading, which stands in the outline of the document too."""
    page.set_font("Helvetica", "B", points)
    page.start_section(latin(text), level=0 if points > 12 else 1)
    page.multi_cell(0, points * 0.55, latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(1)


def paragraph(page: FPDF, text: str, *, style: str = "") -> None:
    """Print a paragraph."""
    page.set_font("Helvetica", style, 10)
    page.multi_cell(0, 5.5, latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(2)


def table(page: FPDF, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table; its heads stand on every page that it goes over."""
    page.set_font("Helvetica", "", 9)
    with page.table(text_align="LEFT") as drawn:
        drawn.row([latin(head) for head in heads])
        for row in rows:
            drawn.row([latin(cell) for cell in row])
    page.ln(4)


def figures(page: FPDF, heads: Sequence[str], rows: Iterable[Iterable[object]], *, least: int = 2) -> None:
    """Print a table of numbers, each to the right of its column; the first column names the rows.

    It begins on the next page where its heads and `least` rows do not fit any more.
    """
    many = len(heads) > _MANY
    page.set_font("Helvetica", "", 7 if many else 8)
    if page.will_page_break(6 * (least + 2)):
        page.add_page()
    align = ("LEFT", *["RIGHT"] * (len(heads) - 1))
    widths = (2.2 if many else 1.6, *[1.0] * (len(heads) - 1))
    with page.table(text_align=align, col_widths=widths, line_height=3.6, padding=0.7) as drawn:
        for row in (heads, *rows):
            drawn.row([latin(cell) for cell in row])
    page.ln(4)
