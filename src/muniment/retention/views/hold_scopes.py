"""The scope of a hold as a form gives it, and as a form begins with it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from muniment.core import references
from muniment.people.queries import find_by_reference
from muniment.records.models import Record, SourceSystem
from muniment.retention.forms.holds import LISTS, ScopeForm, parts
from muniment.retention.holds import reach

_DAYS = {"happened_from": "from", "happened_until": "until"}


def begun(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form begins with for the lists, days and match of a scope."""
    found: dict[str, Any] = {name: ", ".join(scope[name]) for name in LISTS if scope.get(name)}
    days = {name: scope[key] for name, key in _DAYS.items() if scope.get(key)}
    found |= {name: date.fromisoformat(day) for name, day in days.items()}
    return found | {"match": scope.get("match", "any")}


def named(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form begins with for the people of a scope and those of its records that the reader sees."""
    people = ", ".join(references.make("prime", key) for key in scope.get("people") or ())
    return {"people": people, "records": ", ".join(_records(scope).values())}


def unseen(scope: Mapping[str, Any]) -> list[int]:
    """Return the records of a scope that the reader does not see, or that have gone; they stay in it."""
    seen = _records(scope)
    return [key for key in scope.get("records") or () if key not in seen]


def _records(scope: Mapping[str, Any]) -> dict[int, str]:
    found = Record.objects.filter(pk__in=scope.get("records") or ()).order_by("pk")
    return dict(found.values_list("pk", "reference"))


def given(form: ScopeForm, stood: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Return the scope that a form gives; None, with an error on the field, when a reference is unknown.

    Whom and what a scope that stood named already is meant as it was meant then.
    """
    stood = stood or {}
    cleaned = form.cleaned_data
    scope: dict[str, Any] = {name: list(cleaned[name]) for name in LISTS if cleaned[name]}
    _check_systems(form)
    people, records = _people(form, stood), _records_given(form, stood)
    scope |= {"people": people} if people else {}
    scope |= {"records": records} if records else {}
    scope |= {"match": reach.EVERY} if cleaned["match"] == reach.EVERY else {}
    for name, key in _DAYS.items():
        if cleaned[name]:
            scope[key] = cleaned[name].isoformat()
    return None if form.errors else scope


def _people(form: ScopeForm, stood: Mapping[str, Any]) -> list[int]:
    people = []
    for reference in parts(form.cleaned_data["people"]):
        try:
            key = references.number("prime", reference)
            if key in (stood.get("people") or ()):
                people.append(key)
                continue
            prime = find_by_reference(reference)
        except ValueError as error:
            form.add_error("people", str(error))
            continue
        if prime is None:
            form.add_error("people", f"There is no prime record {reference}.")
        else:
            people.append(prime.pk)
    return list(dict.fromkeys(people))


def _records_given(form: ScopeForm, stood: Mapping[str, Any]) -> list[int]:
    wanted, controllers = parts(form.cleaned_data["records"]), form.cleaned_data["controllers"]
    stays = [key for key, reference in _records(stood).items() if reference in wanted]
    others = set(wanted) - {reference for key, reference in _records(stood).items()}
    found = Record.objects.filter(reference__in=others, system__controller__in=controllers)
    for missing in others - set(found.values_list("reference", flat=True)):
        form.add_error("records", f"None of these controllers holds a record {missing} that you may see.")
    return [*stays, *found.order_by("pk").values_list("pk", flat=True), *unseen(stood)]


def _check_systems(form: ScopeForm) -> None:
    wanted, controllers = form.cleaned_data["systems"], form.cleaned_data["controllers"]
    known = SourceSystem.objects.filter(code__in=wanted, controller__in=controllers)
    for missing in set(wanted) - set(known.values_list("code", flat=True)):
        form.add_error("systems", f"None of these controllers has a system {missing}.")
