"""What the receivers accept, and what this stage asks peers for: read off the tables that decide it."""

from __future__ import annotations

from typing import Final

from pynetdicom.sop_class import ModalityWorklistInformationFind, StorageCommitmentPushModel, Verification

from imgdash.receive.command import Operation
from imgdash.receive.tasks import NOTICES
from imgdash.wire.conformance import Service
from imgdash.wire.syntaxes import storage_classes, transfer_syntaxes

_REPORTS: Final = {str(StorageCommitmentPushModel): "results are reported on an association of our own"}


def accepted() -> list[Service]:
    """As acceptor of associations."""
    syntaxes = tuple(transfer_syntaxes())
    services = [Service(str(Verification), "SCP", ("C-ECHO",), syntaxes)]
    services += [Service(sop_class, "SCP", ("C-STORE",), syntaxes) for sop_class in storage_classes()]
    operations: dict[tuple[str, str], list[str]] = {}
    for operation, sop_class in NOTICES:
        # Who reports events is the provider; so we are its user.
        role = "SCU" if operation == Operation.N_EVENT_REPORT else "SCP"
        operations.setdefault((sop_class, role), []).append(Operation(operation).name.replace("_", "-"))
    for (sop_class, role), names in operations.items():
        if role == "SCU":
            services.append(Service(sop_class, "SCU", tuple(names), syntaxes, "role selection is accepted"))
        else:
            services.append(Service(sop_class, "SCP", tuple(names), syntaxes, _REPORTS.get(sop_class, "")))
    return services


def requested() -> list[Service]:
    """As requestor of associations."""
    return [
        Service(str(ModalityWorklistInformationFind), "SCU", ("C-FIND",)),
        Service(str(StorageCommitmentPushModel), "SCP", ("N-EVENT-REPORT",), remark="by role selection"),
    ]
