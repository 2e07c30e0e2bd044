"""How often an address and a key may ask, and the header fields that tell a client how it stands.

All state is in the memory of the one process that takes requests, so it is exact, and gone after a restart.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from throttled import MemoryStore, Quota, Rate, RateLimiterType, Throttled

from service.settings import Settings

#: Addresses and keys remembered, some 30 MB if all are taken; then the one unused for longest is forgotten.
MAX_REMEMBERED = 100_000
#: Longest text of something that is no address. A proxy's header may claim any, and all are remembered.
_LONGEST_ADDRESS = 64
#: Parts of a second that intervals are made of: a power of two, see ``_limiter``.
_TICKS = 2**28


class KeyLike(Protocol):
    """What is read of a key; ``rate``: requests a second, 0 for no limit, None for that of the settings."""

    @property
    def id(self) -> str: ...
    @property
    def widget(self) -> bool: ...
    @property
    def rate(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Budget:
    """How one limit stood after a request was charged to it.

    ``limit`` is the most requests that may come at once, ``window_seconds`` how long that many take to come
    back, rounded up. ``reset``: seconds until all are back. ``retry_after``: seconds until one is, 0 unless
    this request was refused.
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

    A request is charged in two steps, since one whose key proves wrong must cost its address something:
    ``charge_address`` before the key is looked at, ``charge_key`` after; ``charge`` is both. Each gives the
    tightest budget, or None where nothing limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = MemoryStore(options={"MAX_SIZE": MAX_REMEMBERED})
        self._limiters: dict[float, Throttled] = {}

    def charge(self, address: str, key: KeyLike | None) -> Budget | None:
        by_address = self.charge_address(address)
        if key is None or (by_address and by_address.limited):
            return by_address
        return tightest(by_address, self.charge_key(key, address))

    def charge_address(self, address: str) -> Budget | None:
        return self._charge("address", address_group(address), self._settings.address_rate)

    def charge_key(self, key: KeyLike, address: str) -> Budget | None:
        settings = self._settings
        if not key.widget:
            return self._charge("key", key.id, settings.key_rate if key.rate is None else key.rate)
        # First the address: so one reader who asks too much does not use up what all readers of a page share.
        pair = f"{key.id} {address_group(address)}"
        by_address = self._charge("widget-address", pair, settings.widget_address_rate)
        if by_address and by_address.limited:
            return by_address
        total = self._charge("widget", key.id, settings.widget_rate if key.rate is None else key.rate)
        return tightest(by_address, total)

    def _charge(self, name: str, who: str, rate: float) -> Budget | None:
        if not rate:
            return None
        result = self._limiter(rate).limit(f"{name} {who}")
        state = result.state
        return Budget(
            name=name,
            limit=state.limit,
            remaining=state.remaining,
            reset=state.reset_after,
            retry_after=state.retry_after if result.limited else 0.0,
            limited=result.limited,
            window_seconds=_up(state.limit / rate),
        )

    def _limiter(self, rate: float) -> Throttled:
        """The limiter of a rate: there are as many as there are different rates."""
        found = self._limiters.get(rate)
        if found is None:
            burst = max(1, _up(rate * self._settings.burst_seconds))
            quota = Quota(Rate(timedelta(seconds=1), 1), burst)
            # Set here, since a quota counts whole requests in whole seconds. Made of binary fractions of a
            # second, intervals add up exactly: with 0.01 s the library would refuse the last of a burst.
            quota.emission_interval = max(1, round(_TICKS / rate)) / _TICKS
            # GCRA is the token bucket without a timer: it keeps the time at which the bucket is full again.
            # What the library calls "token_bucket" reads the wall clock in whole seconds: a second's worth
            # comes back all at once, and with every request the part of a token gained so far is lost.
            found = Throttled(using=RateLimiterType.GCRA.value, quota=quota, store=self._store)
            self._limiters[rate] = found
        return found


def tightest(*budgets: Budget | None) -> Budget | None:
    """The budget that refused, and of several that with the longest wait; else the smallest share left."""
    return min(
        (budget for budget in budgets if budget),
        key=lambda budget: (not budget.limited, -budget.retry_after, budget.remaining / budget.limit),
        default=None,
    )


def address_group(address: str) -> str:
    """The address as it is counted: IPv6 by its first 64 bits, IPv4 within IPv6 as IPv4, other text as it is.

    Whoever has IPv6 has at least 2**64 addresses, and counted singly as many budgets.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_LONGEST_ADDRESS]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"


def headers(budget: Budget | None) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers, and ``Retry-After`` (RFC 9110) when refused.

    Both know whole seconds only; parts are rounded up, so that nobody is told to come back too early.
    """
    if budget is None:
        return {}
    # The draft wants Retry-After not to lie before the end of "t", so a refusal says the same in both.
    seconds = max(1, _up(budget.retry_after)) if budget.limited else _up(budget.reset)
    fields = {
        "RateLimit-Policy": f'"{budget.name}";q={budget.limit};w={budget.window_seconds}',
        "RateLimit": f'"{budget.name}";r={budget.remaining};t={seconds}',
    }
    return fields | {"Retry-After": str(seconds)} if budget.limited else fields


def _up(value: float) -> int:
    """The next whole number, but not for a last binary digit: 0.07 * 100 is to be 7, not 8."""
    return math.ceil(round(value, 6))
