"""Review, retention and disposal: decisions, reviews, holds, orders and their proof."""

from muniment.retention.models.batches import UNDER_WAY, BatchPerson, DisposalBatch, KeptForecast
from muniment.retention.models.checks import DecisionSample, ManualDecision, ManualFile, ModeChange, SampledDecision
from muniment.retention.models.decided import GroupsJoined, PersonDecision, RecordDecision, SubjectEvent
from muniment.retention.models.disposals import Certificate, DisposalItem, DisposalOrder, SourceInstruction
from muniment.retention.models.duties import CertificateIssue, Duty
from muniment.retention.models.escalations import ReviewEscalation
from muniment.retention.models.forecasts import ForeseenCount, ForeseenMove, ForesightAsked, KeptBacklog, KeptException
from muniment.retention.models.hold_versions import HoldVersion, LetGoRecord
from muniment.retention.models.holds import HeldRecord, Hold, HoldController
from muniment.retention.models.procedures import Procedure
from muniment.retention.models.requests import PersonRequest, RequestReply
from muniment.retention.models.restrictions import RestrictedName, Restriction
from muniment.retention.models.reviews import Agreement, Deputy, Review, ReviewAnswer, ReviewAsk, ReviewTrigger
from muniment.retention.models.traces import Trace

__all__ = [
    "UNDER_WAY",
    "Agreement",
    "BatchPerson",
    "Certificate",
    "CertificateIssue",
    "DecisionSample",
    "Deputy",
    "DisposalBatch",
    "DisposalItem",
    "DisposalOrder",
    "Duty",
    "ForeseenCount",
    "ForeseenMove",
    "ForesightAsked",
    "GroupsJoined",
    "HeldRecord",
    "Hold",
    "HoldController",
    "HoldVersion",
    "KeptBacklog",
    "KeptException",
    "KeptForecast",
    "LetGoRecord",
    "ManualDecision",
    "ManualFile",
    "ModeChange",
    "PersonDecision",
    "PersonRequest",
    "Procedure",
    "RecordDecision",
    "RequestReply",
    "RestrictedName",
    "Restriction",
    "Review",
    "ReviewAnswer",
    "ReviewAsk",
    "ReviewEscalation",
    "ReviewTrigger",
    "SampledDecision",
    "SourceInstruction",
    "SubjectEvent",
    "Trace",
]
