"""What a source calls its own references, as its feed maps them."""

from factories.exports import Source
from muniment.feeds.terms import own_terms


def test_the_table_and_its_columns_are_named(tmp_path):
    source = Source(tmp_path)
    assert own_terms(source.feed.tables[0]) == {"table": "crimes", "record": "REF", "people": "PERSON"}


def test_of_a_table_of_people_alone_no_record_is_named(tmp_path):
    source = Source(tmp_path).beside(
        "\n  people:\n    files: people*.csv\n    format: csv\n    kind: full\n    area: CRIME\n"
        '    as_of: {name: "([0-9]{4}-[0-9]{2}-[0-9]{2})"}\n'
        "    persons:\n      - {label: person, reference: NO, surname: SURNAME}\n"
    )
    assert own_terms(source.feed.tables[1]) == {"table": "people", "people": "NO"}
