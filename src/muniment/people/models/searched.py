"""Nominals as linkage and the search read them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from muniment.core.fields import Kind
from muniment.core.walls import BY_SCOPE
from muniment.records.models import Nominal


class Standardised(models.Model):
    """A nominal in the form in which it is compared, with the keys by which candidates are found.

    Columns are those of `muniment.batch.matching.standardise.STANDARDISED`. `digest` is of what was standardised,
    `standard` says by which version and lists: where either differs, the row is out of date. `written_in` is the
    transaction that wrote it, by which a run knows what has changed since it read.
    """

    nominal = models.OneToOneField(
        Nominal, models.CASCADE, primary_key=True, related_name="standardised", db_constraint=False
    )
    digest = models.CharField(max_length=32)
    standard = models.CharField(max_length=40)
    written_in = models.BigIntegerField()
    source_key = models.TextField()
    partition = models.CharField(max_length=12)
    forename = models.TextField(null=True)
    forename_sound = models.TextField(null=True)
    roots = ArrayField(models.TextField(), null=True)
    surname = models.TextField(null=True)
    surname_sound = models.TextField(null=True)
    family = ArrayField(models.TextField(), null=True)
    others = ArrayField(models.TextField(), null=True)
    initials = ArrayField(models.TextField(), null=True)
    names = ArrayField(models.TextField(), null=True)
    sounds = ArrayField(models.TextField(), null=True)
    born = models.TextField(null=True)
    born_default = models.BooleanField()
    born_from = models.DateField(null=True)
    born_until = models.DateField(null=True)
    postcode = models.TextField(null=True)
    sector = models.TextField(null=True)
    district = models.TextField(null=True)
    address = ArrayField(models.TextField(), null=True)
    birth_place = models.TextField(null=True)
    birth_tokens = ArrayField(models.TextField(), null=True)
    occupation = models.TextField(null=True)
    sex = models.TextField(null=True)
    ethnicity = models.TextField(null=True)
    phone = models.TextField(null=True)
    email = models.TextField(null=True)
    mailbox = models.TextField(null=True)
    pncid = models.TextField(null=True)
    cro = models.TextField(null=True)
    ni_number = models.TextField(null=True)
    driver_number = models.TextField(null=True)
    keys = ArrayField(models.BigIntegerField())

    class Fields:
        nominal = Kind.KEY
        digest = standard = written_in = partition = Kind.STATE
        source_key = Kind.REFERENCE
        forename = forename_sound = roots = surname = surname_sound = family = others = initials = Kind.IDENTITY
        names = sounds = born = born_default = born_from = born_until = postcode = sector = district = Kind.IDENTITY
        address = birth_place = birth_tokens = occupation = sex = phone = email = mailbox = Kind.IDENTITY
        pncid = cro = ni_number = driver_number = keys = Kind.IDENTITY
        ethnicity = Kind.SPECIAL

    class Wall:
        seen = "false"
        web = ""

    class Meta:
        # Without the list of pending entries, which every search would have to read.
        indexes = [GinIndex(fields=["keys"], name="standardised_keys", fastupdate=False)]


class SearchToken(models.Model):
    """A word by which a nominal is found, matched by equality so that row-level security costs nothing."""

    pk = models.CompositePrimaryKey("token", "kind", "nominal")
    nominal = models.ForeignKey(Nominal, models.CASCADE, related_name="+", db_constraint=False)
    scope_id = models.IntegerField()
    kind = models.CharField(max_length=4)
    token = models.CharField(max_length=60)

    class Fields:
        nominal = scope_id = Kind.KEY
        kind = Kind.CODE
        token = Kind.IDENTITY

    class Wall:
        seen = BY_SCOPE
        web = "SELECT"
