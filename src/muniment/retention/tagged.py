"""Tags in a PDF: what is a heading, a paragraph, a figure, or a table of rows with heads and cells.

fpdf2 (2.8) has the tree that tags stand in, and marks figures in it, one beside the other. What is here puts its
elements into each other (ISO 32000-1, 14.7 and 14.8), and has the cells of its tables marked as they are printed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fpdf import FPDF
from fpdf.structure_tree import StructElem, StructureTreeBuilder
from fpdf.syntax import PDFString
from fpdf.table import Table

_COLUMN, _ROW = "<</O /Table /Scope /Column>>", "<</O /Table /Scope /Row>>"


class Element(StructElem):
    """An element of the tree; what it holds is on one page, or in the elements below it."""

    def __init__(
        self, kind: str, parent: StructElem, page: int, *, alt: str | None = None, attributes: str = ""
    ) -> None:
        """Make an element below another, as the last of its children."""
        super().__init__(f"/{kind}", parent, [], page, alt=alt)
        self.kind, self.attributes = kind, attributes
        parent.k.append(self)

    def serialize(self, obj_dict: Any = None, _security_handler: Any = None) -> str:
        """Return the element as the file holds it."""
        said: dict[str, object] = {"/Type": self.type, "/S": self.s, "/P": self.p.ref, "/K": self.k.serialize()}
        if self.pg is not None:
            said["/Pg"] = self.pg.ref
        if isinstance(self.alt, PDFString):
            said["/Alt"] = self.alt.serialize(_security_handler=_security_handler, _obj_id=self.id)
        if self.attributes:
            said["/A"] = self.attributes
        return str(super().serialize(said, _security_handler))


class Tags(StructureTreeBuilder):
    """The tree of a document, whose elements stand in each other."""

    def mark(self, element: Element, number: int, page: Any) -> int:
        """Return by which number a page knows what comes now, which belongs to an element."""
        found = self.spid_per_page_number.setdefault(number, len(self.spid_per_page_number))
        page.struct_parents = found
        marked = self.struct_tree_root.parent_tree.nums[found]
        marked.append(element)
        element.k.append(len(marked) - 1)
        element.pg = page
        return len(marked) - 1

    def __iter__(self) -> Iterator[Any]:
        """Yield everything that the file holds of the tree, the root first."""
        yield self.struct_tree_root
        yield self.doc_struct_elem
        yield self.struct_tree_root.parent_tree
        waiting = list(reversed(self.doc_struct_elem.k))
        while waiting:
            element = waiting.pop()
            yield element
            waiting += [each for each in reversed(element.k) if isinstance(each, StructElem)]


class TaggedPage(FPDF):
    """Pages of which everything that is printed is marked: as part of an element, or as decoration."""

    def __init__(self, **options: Any) -> None:
        """Take the options of the library."""
        super().__init__(**options)
        self.struct_builder: Tags = Tags()
        self._open: list[Element | None] = []
        self._set_min_pdf_version("1.7")

    def element(self, kind: str, parent: StructElem | None = None, **more: Any) -> Element:
        """Return a new element, of the document where no parent is given."""
        return Element(kind, parent or self.struct_builder.doc_struct_elem, self.page, **more)

    @contextmanager
    def marked(self, element: Element | None) -> Iterator[None]:
        """Mark what is printed here as an element's; as decoration where there is none."""
        self._pause()
        self._open.append(element)
        self._resume()
        yield
        self._pause()
        self._open.pop()
        self._resume()

    def _pause(self) -> None:
        if self._open:
            self._out("EMC")

    def _resume(self) -> None:
        if not self._open:
            return
        element, page = self._open[-1], self.pages[self.page]
        if element is None:
            self._out("/Artifact BMC")
            return
        if element.pg not in (None, page):  # it goes on over the page: as another one of its kind
            element = self._open[-1] = self.element(element.kind, element.p, attributes=element.attributes)
        self._out(f"/{element.kind} <</MCID {self.struct_builder.mark(element, self.page, page)}>> BDC")

    def add_page(self, *arguments: Any, **named: Any) -> None:
        """Begin a page; what is being printed is marked on both."""
        self._pause()
        waiting, self._open = self._open, []
        super().add_page(*arguments, **named)
        self._open = waiting
        self._resume()


class TaggedTable(Table):
    """A table whose cells are marked; its heads that stand on a further page again are decoration there."""

    def __init__(self, page: TaggedPage, *, names_rows: bool = False, **options: Any) -> None:
        """Begin a table; where `names_rows`, the first column says what each row is about."""
        super().__init__(page, **options)
        self._page, self._names_rows = page, names_rows
        self._element = page.element("Table")
        self._tags: dict[int, Element] = {}
        self._printed: set[tuple[int, int]] = set()

    def _render_table_cell(self, i: int, j: int, *arguments: Any, **named: Any) -> Any:
        if named.get("cell_height_info") is None and len(arguments) < 3:  # it is measured, and printed later
            return super()._render_table_cell(i, j, *arguments, **named)
        with self._page.marked(self._cell(i, j)):
            return super()._render_table_cell(i, j, *arguments, **named)

    def _cell(self, i: int, j: int) -> Element | None:
        if (i, j) in self._printed:
            return None
        self._printed.add((i, j))
        if i not in self._tags:
            self._tags[i] = self._page.element("TR", self._element)
        scope = _COLUMN if i < self._num_heading_rows else _ROW if self._names_rows and not j else ""
        return self._page.element("TH" if scope else "TD", self._tags[i], attributes=scope)
