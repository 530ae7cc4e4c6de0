"""The demonstration world: a fictional collaboration of three forces, its people, and its systems' exports."""

from muniment.invention.invent import invent

__all__ = ["invent"]
