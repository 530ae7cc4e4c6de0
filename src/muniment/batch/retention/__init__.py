"""Retention over whole sets: the same decisions as `engine.retention`, as Ibis expressions on DuckDB."""

from muniment.batch.retention.few import schedule_few
from muniment.batch.retention.scheduling import schedule
from muniment.batch.retention.tables import Schedule, Tables

__all__ = ["Schedule", "Tables", "schedule", "schedule_few"]
