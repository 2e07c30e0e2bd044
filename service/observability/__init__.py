"""Logs, metrics, and the audit log of the service."""

__all__ = ["audit_log", "logs", "metrics"]
