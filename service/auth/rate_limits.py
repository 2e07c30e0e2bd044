"""Rate limits by client address and API key, and the header fields that report them.

All state is in the memory of the one process that takes requests: it is exact, and lost at a restart.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from throttled import MemoryStore, Quota, Rate, RateLimiterType, Throttled

#: Addresses and keys that are tracked, about 30 MB if all are in use; the least recently used goes first.
MAX_TRACKED = 100_000
#: Longest client name that is not an IP address. A proxy's header may claim any, and each is tracked.
_MAX_ADDRESS_LENGTH = 64
#: Parts of a second that intervals are made of: a power of two, see ``_limiter``.
_TICKS_PER_SECOND = 2**28


class RateLimitedKey(Protocol):
    """The part of a key that limits depend on.

    ``rate``: requests per second, 0 for no limit, None for the rate of the policy.
    """

    @property
    def id(self) -> str: ...
    @property
    def widget(self) -> bool: ...
    @property
    def rate(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """Requests per second that each limit allows; 0 for no limit.

    Attributes:
        key: of one secret key.
        address: of one client address, whatever its key.
        widget: of one widget key, over all addresses.
        widget_address: of one address with one widget key.
        burst_seconds: as many requests as this many seconds allow may come at once.
    """

    key: float
    address: float
    widget: float
    widget_address: float
    burst_seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """The state of one limit after a request was charged to it.

    Attributes:
        name: of the limit.
        limit: most requests that may come at once.
        remaining: requests that may still come at once.
        reset: seconds until all are available again.
        retry_after: seconds until one is available; 0 unless this request was refused.
        limited: True if this request was refused.
        window_seconds: time in which ``limit`` requests become available, rounded up.
    """

    name: str
    limit: int
    remaining: int
    reset: float
    retry_after: float
    limited: bool
    window_seconds: int


class RateLimits:
    """Charges requests to addresses and keys.

    A request is charged in two steps, because one with an invalid key must cost its address something:
    ``charge_address`` before the key is checked, ``charge_key`` after. Both return the tightest budget, or
    None if nothing limits the request.
    """

    def __init__(self, policy: RatePolicy, max_tracked: int = MAX_TRACKED) -> None:
        self._policy = policy
        self._store = MemoryStore(options={"MAX_SIZE": max_tracked})
        self._limiters: dict[float, Throttled] = {}

    def charge_address(self, address: str) -> Budget | None:
        """Charge a request to the client's address."""
        return self._charge("address", address_group(address), self._policy.address)

    def charge_key(self, key: RateLimitedKey, address: str) -> Budget | None:
        """Charge a request to its key; with a widget key, to the address of the reader as well."""
        policy = self._policy
        if not key.widget:
            return self._charge("key", key.id, policy.key if key.rate is None else key.rate)
        # The address comes first: one reader's excess must not use up what all readers of a page share.
        pair = f"{key.id} {address_group(address)}"
        by_address = self._charge("widget-address", pair, policy.widget_address)
        if by_address and by_address.limited:
            return by_address
        total = self._charge("widget", key.id, policy.widget if key.rate is None else key.rate)
        return tightest(by_address, total)

    def _charge(self, name: str, client: str, rate: float) -> Budget | None:
        if not rate:
            return None
        result = self._limiter(rate).limit(f"{name} {client}")
        state = result.state
        return Budget(
            name=name,
            limit=state.limit,
            remaining=state.remaining,
            reset=state.reset_after,
            retry_after=state.retry_after if result.limited else 0.0,
            limited=result.limited,
            window_seconds=_ceil(state.limit / rate),
        )

    def _limiter(self, rate: float) -> Throttled:
        """The limiter of a rate; there is one for each different rate."""
        limiter = self._limiters.get(rate)
        if limiter is None:
            burst = max(1, _ceil(rate * self._policy.burst_seconds))
            quota = Quota(Rate(timedelta(seconds=1), 1), burst)
            # Set here, since a quota counts whole requests in whole seconds. Binary fractions of a second add
            # up exactly: with 0.01 s the library would refuse the last request of a burst.
            quota.emission_interval = max(1, round(_TICKS_PER_SECOND / rate)) / _TICKS_PER_SECOND
            # GCRA is the token bucket without a timer: it keeps the time at which the bucket is full again.
            # What the library calls "token_bucket" reads the wall clock in whole seconds: a second's worth
            # comes back all at once, and each request loses the part of a token gained so far.
            limiter = Throttled(using=RateLimiterType.GCRA.value, quota=quota, store=self._store)
            self._limiters[rate] = limiter
        return limiter


def tightest(*budgets: Budget | None) -> Budget | None:
    """The budget that refused, with the longest wait if several did; else the one with the least left."""
    return min(
        (budget for budget in budgets if budget),
        key=lambda budget: (not budget.limited, -budget.retry_after, budget.remaining / budget.limit),
        default=None,
    )


def address_group(address: str) -> str:
    """The unit that an address is counted as.

    IPv6 counts by its first 64 bits, since a client with IPv6 has at least 2**64 addresses; IPv4 within IPv6
    counts as IPv4, and text that is not an address as itself.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_MAX_ADDRESS_LENGTH]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"


def rate_limit_headers(budget: Budget | None) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers, with ``Retry-After`` (RFC 9110) on a refusal.

    Both are in whole seconds, rounded up, so that no client is asked to come back too early.
    """
    if budget is None:
        return {}
    # The draft wants Retry-After not to lie before the end of "t", so a refusal says the same in both.
    seconds = max(1, _ceil(budget.retry_after)) if budget.limited else _ceil(budget.reset)
    fields = {
        "RateLimit-Policy": f'"{budget.name}";q={budget.limit};w={budget.window_seconds}',
        "RateLimit": f'"{budget.name}";r={budget.remaining};t={seconds}',
    }
    return fields | {"Retry-After": str(seconds)} if budget.limited else fields


def _ceil(value: float) -> int:
    """The next whole number, ignoring a last binary digit: 0.07 * 100 is 7, not 8."""
    return math.ceil(round(value, 6))
