"""Laboratory: training, load tests, benchmarks and experiments. Part of a checkout, not of the wheel."""

__all__ = [
    "browser",
    "checks",
    "commands",
    "process_memory",
    "report_sections",
    "service_process",
    "synthetic_embedders",
]
