"""What is tagged in a PDF: the tree of its elements, each with the words that are marked as its own."""

from io import BytesIO

from pypdf import PdfReader
from pypdf.generic import ContentStream


class Node:
    """An element of the tree of a document, with the words that are marked as its own."""

    def __init__(self, raw, words):
        held = raw.get_object()
        self.kind, self.alt = str(held["/S"]), held.get("/Alt", "")
        self.scope = held.get("/A", {}).get("/Scope", "")
        own = [each for each in held["/K"] if isinstance(each, int)]
        self.words = " ".join(words[held.raw_get("/Pg").idnum, number] for number in own).strip()
        self.below = [Node(each, words) for each in held["/K"] if not isinstance(each, int)]

    def all(self, kind):
        return [each for one in self.below for each in ([one] if one.kind == kind else one.all(kind))]


def marked(reader):
    """Return the words by page and number, those of no element under None; refuse what nothing marks."""
    words = {}
    for page in reader.pages:
        key = page.indirect_reference.idnum
        open_ = []
        words.setdefault((key, None), "")
        for operands, operator in ContentStream(page["/Contents"].get_object(), reader).operations:
            if operator in (b"BDC", b"BMC"):
                assert not open_, "one in another"
                open_.append((key, operands[1]["/MCID"] if operator == b"BDC" else None))
                words.setdefault(open_[-1], "")
            elif operator == b"EMC":
                open_.pop()
            elif operator in (b"Tj", b"TJ"):
                words[open_[-1]] += str(operands[0])
            elif operator in (b"S", b"B", b"f", b"re", b"l"):
                assert open_, f"{operator} belongs to nothing"
        assert not open_, "a page ends what it begins"
    return words


def tree(reader):
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en-GB" and root["/ViewerPreferences"]["/DisplayDocTitle"]
    return Node(root["/StructTreeRoot"]["/K"][0], marked(reader))


def tree_of(content):
    """Return the tree of a PDF by its bytes, everything in which is marked."""
    return tree(PdfReader(BytesIO(content)))
