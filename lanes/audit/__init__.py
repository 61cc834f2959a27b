"""Checks that no record is lost, doubled or left waiting; here is what an owner's audit needs."""

from lanes.audit.ports import (
    Audit,
    AuditContext,
    LaneAudit,
    LogEntry,
    LogReader,
    LogRecord,
    Scope,
    Scratch,
    Selection,
    StoredRow,
)
from lanes.audit.results import INVARIANTS, AuditResults, CheckResult

__all__ = [
    "INVARIANTS", "Audit", "AuditContext", "AuditResults", "CheckResult", "LaneAudit", "LogEntry",
    "LogReader", "LogRecord", "Scope", "Scratch", "Selection", "StoredRow"
]  # fmt: skip
