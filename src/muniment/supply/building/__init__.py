"""What is in a supply, and the rows of each entity: gathered into temporary tables, then built in batches."""

from muniment.supply.building import events, links, people, things
from muniment.supply.building.rows import Asked, Batches

ORDER = ("person", "event", "location", "object", "link")


def all_of(entity: str, asked: Asked) -> Batches:
    """Yield all rows of an entity of the supply that was gathered, by the batch."""
    if entity == "person":
        return people.all_of(asked)
    if entity == "event":
        return events.all_of(asked)
    if entity == "link":
        return links.all_of(asked)
    return things.all_of(entity, asked)
