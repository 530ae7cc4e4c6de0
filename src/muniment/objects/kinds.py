"""The two kinds of things that prime records are of, and what differs between them: everything else is one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Model

from muniment.engine.matching import places, vehicles
from muniment.engine.matching.objects import Grouping, Level
from muniment.objects import models
from muniment.people.linking.publishing import Tables
from muniment.records.models import Place, PlaceLink, Vehicle, VehicleLink


@dataclass(frozen=True)
class Thing:
    """A kind of thing: its models, its tables, its levels of agreement, and its words."""

    name: str
    title: str
    several: str
    member: type[Model]
    link: type[Model]
    prime: type[Model]
    belonging: type[Model]
    edge: type[Model]
    judgement: type[Model]
    looked_up: type[Model]  # what each member is found by
    levels: Mapping[str, Level]
    put_together: Callable[..., Grouping]

    @property
    def tables(self) -> Tables:
        """Where its prime records are published to."""
        return Tables(
            self.prime._meta.db_table,
            self.belonging._meta.db_table,
            self.member._meta.db_table,
            "member_id",
            "n.partition || ':' || n.key",
            kept={"decided_in": "pg_current_xact_id()::text::bigint"},
        )

    @property
    def column(self) -> str:
        """The name of a member in the table of links."""
        return f"{self.name}_id"

    def names(self) -> dict[str, str]:
        """Return the names of its tables, as statements that serve both kinds have them."""
        return {
            "member": self.member._meta.db_table,
            "link": self.link._meta.db_table,
            "prime": self.prime._meta.db_table,
            "belonging": self.belonging._meta.db_table,
            "edge": self.edge._meta.db_table,
            "judgement": self.judgement._meta.db_table,
            "looked_up": self.looked_up._meta.db_table,
            "column": self.column,
        }


PLACE = Thing(
    "place", "place", "places", Place, PlaceLink, models.PrimePlace, models.PlaceBelonging, models.PlaceEdge,
    models.PlaceJudgement, models.PlaceKey, places.BY_NAME, places.put_together,
)  # fmt: skip
VEHICLE = Thing(
    "vehicle", "vehicle", "vehicles", Vehicle, VehicleLink, models.PrimeVehicle, models.VehicleBelonging,
    models.VehicleEdge, models.VehicleJudgement, models.MarkToken, vehicles.BY_NAME, vehicles.put_together,
)  # fmt: skip
THINGS = {thing.name: thing for thing in (PLACE, VEHICLE)}
