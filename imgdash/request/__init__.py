"""The request (R): asking for a better image, and recognising it when it comes.

``addressee`` and ``policy`` decide whom to ask for what; ``workitem`` and ``order`` write it down as UPS work item
and HL7 order; ``dispatch`` sends it; ``matching`` knows the answer; ``rejection`` tells the storages.
"""

from imgdash.request.asking import Suggestion
from imgdash.request.matching import Candidate, find
from imgdash.request.requests import Requests
from imgdash.request.worker import Patience

__all__ = ["Candidate", "Patience", "Requests", "Suggestion", "find"]
