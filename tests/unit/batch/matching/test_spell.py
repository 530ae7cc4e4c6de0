"""A word that someone types is brought to the form that the same word has in a nominal."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.batch.matching.standardise import spell, standardise

TYPED = st.one_of(
    st.sampled_from(
        ["Kate", "O'Brien-Smythe", "Mc Donald", "Van der Berg", "José", "Ångström", "unknown", "N/K", "Mr", "DR.", "-"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
    st.text("aeiourstlnmkp' -.", max_size=16),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TYPED, min_size=1, max_size=12))
def test_it_is_the_form_of_a_forename(words):
    nominals = pa.table(
        {
            "person_id": pa.array(range(len(words)), pa.int64()),
            "source_key": [f"a|a|{index}" for index in range(len(words))],
            "partition": ["policing"] * len(words),
            "forename": pa.array(words, pa.string()),
        }
    )
    for row in standardise(nominals).to_pylist():
        spelt = spell(words[row["person_id"]])
        assert spelt == {name: row[name] for name in spelt}
