"""What is printed says what is what: headings, paragraphs, tables with rows and heads, figures in words."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from factories.tags import marked, tree
from muniment.retention.foresight import foresight_print
from muniment.retention.foresight.foresight_chart import Both, beside
from muniment.retention.printed import Page, figures, heading, paragraph, table

MANY = 90  # rows, of which a page holds about forty
HEADS = ("Class", "In force", "Other")


def printed(*, repeat=MANY):
    page = Page(wide=True)
    page.begin("Retention", datetime(2026, 11, 29, tzinfo=UTC))
    heading(page, "Retention", 18)
    paragraph(page, "What is said goes over a page. " * 200)
    heading(page, "Two things", 13)
    table(page, ("What", "Which"), [("Policy", ""), ("Day", "today")])
    figures(page, HEADS, [(f"Class {number}", number, number * 2) for number in range(repeat)])
    return PdfReader(BytesIO(bytes(page.output())))


@pytest.fixture(scope="module")
def read():
    return printed()


def test_headings_paragraphs_and_tables_are_what_they_are(read):
    document = tree(read)
    kinds = [each.kind for each in document.below]
    assert kinds == ["/H1", "/P", "/P", "/H2", "/Table", "/Table"], "a paragraph over two pages is marked on both"
    assert [each.words for each in document.below if each.kind in ("/H1", "/H2")] == ["Retention", "Two things"]


def test_each_table_has_rows_with_heads_and_as_many_cells(read):
    small, large = tree(read).all("/Table")
    assert [[each.kind for each in row.below] for row in small.below] == [
        ["/TH", "/TH"],
        ["/TD", "/TD"],
        ["/TD", "/TD"],
    ]
    assert [each.words for each in small.below[1].below] == ["Policy", ""], "an empty cell is a cell"
    assert len(large.below) == MANY + 1, "the heads that stand on each page are told once"
    assert [(each.words, each.scope) for each in large.below[0].below] == [(head, "/Column") for head in HEADS]
    for number, row in enumerate(large.below[1:]):
        assert [each.kind for each in row.below] == ["/TH", "/TD", "/TD"]
        assert row.below[0].scope == "/Row"
        assert [each.words for each in row.below] == [f"Class {number}", str(number), str(number * 2)]


def test_what_stands_on_every_page_is_decoration(read):
    words = marked(read)
    decoration = [words[page.indirect_reference.idnum, None] for page in read.pages]
    assert len(decoration) > 3
    assert all("OFFICIAL-SENSITIVE" in each and "Page" in each for each in decoration)
    assert sum("In force" in each for each in decoration) >= 1, "and so are heads that are told already"


def test_every_mark_leads_to_its_element_and_back(read):
    root = read.trailer["/Root"]["/StructTreeRoot"]
    numbers = root["/ParentTree"]["/Nums"]
    leads = dict(zip(numbers[::2], numbers[1::2], strict=True))
    assert sorted(leads) == list(range(len(read.pages)))
    for page in read.pages:
        for number, element in enumerate(leads[page["/StructParents"]]):
            held = element.get_object()
            assert number in held["/K"] and held.raw_get("/Pg").idnum == page.indirect_reference.idnum


def test_a_chart_is_a_figure_in_words():
    page = Page(wide=True)
    page.begin("Forecast", datetime(2026, 11, 29, tzinfo=UTC))
    drawn = beside("b", "People", [Both("2027", (9, 4), (3, 12))], ("For a review", "By the clock"), "Other")
    foresight_print.draw(page, drawn)
    (figure,) = tree(PdfReader(BytesIO(bytes(page.output())))).all("/Figure")
    assert figure.alt == drawn.said
    assert figure.words.count("Other: ") == 2, "with what its fills mean"


def test_the_same_pages_are_the_same_bytes():
    one, two = printed(repeat=3), printed(repeat=3)
    assert one.stream.getvalue() == two.stream.getvalue()
