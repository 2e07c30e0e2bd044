"""API keys, rate limits, and the rule that a service without keys listens on this machine only."""

__all__ = ["api_key", "exposure", "hosts", "key_file", "key_ring", "origins", "rate_limits", "widget_access"]
