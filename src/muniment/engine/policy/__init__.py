"""Policy as dated data: loads `policy/` and answers what applied on a day for a controller."""

from muniment.engine.policy.model import Overlay, Policy, PolicyError, RecordClass, Rules, Terms
from muniment.engine.policy.store import load

__all__ = ["Overlay", "Policy", "PolicyError", "RecordClass", "Rules", "Terms", "load"]
