"""Where the bars of a chart stand, and the table beside it."""

from muniment.engine.matching.bands import bands
from muniment.engine.matching.model import Points
from muniment.people.watching import charts

BANDS = bands(Points(10, 0))


def weights(*rows):
    return {"weights": [dict(zip(("band", "bit", "pairs"), row, strict=True)) for row in rows]}


def test_columns_stand_within_the_chart_and_the_table_has_their_numbers():
    chart = charts.weights(weights(("far", -12, 100_000), ("doubtful", 3, 9), ("certain", 40, 1)), BANDS)
    for bar in chart.bars:
        assert charts.SIDE <= bar.x < bar.x + bar.width <= charts.WIDTH
        assert 0 < bar.y < bar.y + bar.height <= charts.HEIGHT + 0.1
    assert [row[0] for row in chart.rows] == [*map(str, range(-12, 40)), "40 or more"]
    assert chart.rows[15] == ("3", "0", "0", "9", "0")
    assert [kind for kind, _ in chart.kinds] == ["automatic", "doubtful", "below"]
    assert max(chart.bars, key=lambda bar: bar.height).words == "-12: 100,000"


def test_what_is_stopped_by_a_rule_stands_beside_what_is_joined():
    chart = charts.weights(weights(("automatic", 12, 5), ("forbidden", 12, 50)), BANDS)
    joined, stopped = sorted(chart.bars, key=lambda bar: bar.x)
    assert (joined.kind, stopped.kind) == ("automatic", "forbidden")
    assert joined.x + joined.width <= stopped.x + 0.1


def test_sizes_are_grouped_and_none_is_lost():
    chart = charts.sizes({"sizes": {"1": 10, "7": 2, "10": 1, "95": 1}}, {"sizes": {"1": 9}})
    rows = {row[0]: row[1:] for row in chart.rows}
    assert rows["1"] == ("10", "9")
    assert rows["6 to 10"] == ("3", "0")
    assert rows["51 or more"] == ("1", "0")


def test_nothing_is_drawn_of_nothing():
    assert charts.weights({}, BANDS) is None
    assert charts.sizes({}, None) is None
