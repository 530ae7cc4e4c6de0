"""Linkage of whole sets on DuckDB and Splink: standardise, train, resolve, evaluate.

`standardise` → table of `STANDARDISED`; `train` → a frozen `Model`; `resolve` → a `Resolution`. None of them needs a
database. Import each from its module.
"""
