"""ASGI middleware; ``service.web.app`` has their order."""

__all__ = [
    "authentication",
    "body_limit",
    "cors",
    "error_handler",
    "head_requests",
    "host_check",
    "request_log",
    "response_headers",
]
