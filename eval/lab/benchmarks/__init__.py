"""Benchmarks of time, memory and robustness."""

__all__ = [
    "build_rate",
    "crash_recovery",
    "index_probe",
    "latency",
    "page_screenshots",
    "scale",
    "scale_record",
    "scale_section",
    "startup",
]
