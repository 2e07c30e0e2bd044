"""Rate limits, on a clock that only moves when a test moves it."""

from dataclasses import dataclass

import pytest
import throttled

from service.auth.rate_limits import (
    MAX_TRACKED,
    Budget,
    RateLimits,
    RatePolicy,
    address_group,
    rate_limit_headers,
    tightest,
)


@dataclass(frozen=True)
class Key:
    id: str = "anna"
    widget: bool = False
    rate: float | None = None


class Clock:
    #: Eleven days after the machine's start, and no whole second: where a float has few digits left.
    now = 987_654.321

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(throttled.utils, "now_mono_f", clock)
    return clock


def rate_limits(max_tracked: int = MAX_TRACKED, **rates: float) -> RateLimits:
    """Limits with these rates and no others."""
    none = {"key": 0, "address": 0, "widget": 0, "widget_address": 0, "burst_seconds": 2}
    return RateLimits(RatePolicy(**(none | rates)), max_tracked)


def charge(limits: RateLimits, address: str, key: Key | None) -> Budget | None:
    """Charge a request to its address and then, unless that refuses it, to its key."""
    by_address = limits.charge_address(address)
    if key is None or (by_address and by_address.limited):
        return by_address
    return tightest(by_address, limits.charge_key(key, address))


def passed(limits: RateLimits, address: str = "10.0.0.1", key: Key | None = None) -> int:
    """The number of requests that pass, one right after the other, before one is refused."""
    for count in range(10_000):
        budget = charge(limits, address, key)
        if budget is None or budget.limited:
            return count
    raise AssertionError("nothing was refused")


def budget(**changes: object) -> Budget:
    values = {"limit": 10, "remaining": 5, "reset": 1.0, "retry_after": 0.0, "limited": False}
    return Budget(**({"name": "key", "window_seconds": 2} | values | changes))  # type: ignore[arg-type]


# How much passes.


@pytest.mark.parametrize(
    ("rate", "most"), [(100, 600), (50, 300), (20, 120), (7, 42), (3, 18), (33.3, 200), (1.5, 9), (1 / 3, 2)]
)
@pytest.mark.parametrize("now", [0.0, 12_345.678, 987_654.321])
def test_a_burst_is_what_the_rate_gives_in_burst_seconds_to_the_last_request(
    clock: Clock, rate: float, most: int, now: float
) -> None:
    clock.now = now

    assert passed(rate_limits(address=rate, burst_seconds=6)) == most


def test_each_request_leaves_one_less(clock: Clock) -> None:
    limits = rate_limits(address=2)

    budgets = [limits.charge_address("10.0.0.1") for _ in range(5)]
    assert [b and (b.remaining, b.limited) for b in budgets] == [
        (3, False),
        (2, False),
        (1, False),
        (0, False),
        (0, True),
    ]


def test_half_a_request_a_second_comes_back_after_exactly_two_seconds(clock: Clock) -> None:
    limits = rate_limits(address=0.5)
    passed_at = []
    for _ in range(33):  # every quarter of a second
        if passed(limits):
            passed_at.append(clock.now - 987_654.321)
        clock.now += 0.25

    assert passed_at == pytest.approx([0, 2, 4, 6, 8])


def test_the_rate_holds_over_a_long_time_however_often_one_asks(clock: Clock) -> None:
    limits = rate_limits(address=0.3, burst_seconds=10)
    total = 0
    for _ in range(10_001):  # a thousand seconds
        total += passed(limits)
        clock.now += 0.1

    assert total == 3 + 300


def test_a_rate_below_one_in_the_burst_still_lets_one_through(clock: Clock) -> None:
    assert passed(rate_limits(address=0.01)) == 1


def test_a_rate_that_is_no_binary_fraction_does_not_round_the_burst_up(clock: Clock) -> None:
    assert 0.07 * 100 > 7
    assert passed(rate_limits(address=0.07, burst_seconds=100)) == 7


def test_rate_zero_is_no_limit_and_gives_no_budget(clock: Clock) -> None:
    limits = rate_limits()

    assert [charge(limits, "10.0.0.1", key) for key in (None, Key(), Key(widget=True))] == [None] * 3


def test_waiting_for_retry_after_is_enough(clock: Clock) -> None:
    limits = rate_limits(address=3)
    passed(limits)
    refused = limits.charge_address("10.0.0.1")
    assert refused and refused.limited and refused.retry_after == pytest.approx(1 / 3)

    clock.now += refused.retry_after
    assert passed(limits) == 1


def test_after_the_reset_all_are_back(clock: Clock) -> None:
    limits = rate_limits(address=3)
    assert passed(limits) == 6
    refused = limits.charge_address("10.0.0.1")
    assert refused and refused.reset == pytest.approx(2)

    clock.now += refused.reset
    assert passed(limits) == 6


# Who is charged.


def test_addresses_are_counted_apart(clock: Clock) -> None:
    limits = rate_limits(address=2)

    assert [passed(limits, "10.0.0.1"), passed(limits, "10.0.0.2")] == [4, 4]


def test_a_key_is_limited_across_addresses(clock: Clock) -> None:
    limits = rate_limits(key=2)

    assert [passed(limits, "10.0.0.1", Key()), passed(limits, "10.0.0.2", Key())] == [4, 0]
    assert passed(limits, "10.0.0.1", Key(id="ben")) == 4


def test_a_key_and_an_address_of_the_same_text_are_counted_apart(clock: Clock) -> None:
    limits = rate_limits(key=2, address=2)
    passed(limits, "anna")

    charged = limits.charge_key(Key(id="anna"), "10.0.0.1")
    assert charged and charged.remaining == 3


def test_a_key_has_its_own_rate_if_it_names_one(clock: Clock) -> None:
    limits = rate_limits(key=2, widget=2)

    assert passed(limits, key=Key(id="fast", rate=5)) == 10
    assert passed(limits, key=Key(id="free", rate=0)) == 0  # no budget at all
    assert limits.charge_key(Key(id="free", rate=0), "10.0.0.1") is None
    assert passed(limits, key=Key(id="page", widget=True, rate=5)) == 10


def test_a_widget_key_has_a_small_rate_for_each_address_and_one_for_all(clock: Clock) -> None:
    limits = rate_limits(key=1000, widget=5, widget_address=2)
    page = Key(widget=True)

    assert [passed(limits, f"10.0.0.{last}", page) for last in (1, 2, 3)] == [4, 4, 2]


def test_the_address_of_one_page_does_not_count_for_another_page(clock: Clock) -> None:
    limits = rate_limits(widget_address=2)

    assert [passed(limits, key=Key(id, widget=True)) for id in ("page", "other")] == [4, 4]


def test_a_widget_key_without_a_total_is_still_limited_for_each_address(clock: Clock) -> None:
    assert passed(rate_limits(widget_address=2), key=Key(widget=True, rate=0)) == 4


def test_a_refused_address_costs_the_key_nothing(clock: Clock) -> None:
    limits = rate_limits(address=2, key=5)
    for _ in range(50):
        charge(limits, "10.0.0.1", Key())

    assert passed(limits, "10.0.0.2", Key()) == 4
    assert passed(limits, "10.0.0.3", Key()) == 2  # ten of the key in all


def test_a_reader_who_asks_too_much_leaves_the_rest_to_the_others_of_the_page(clock: Clock) -> None:
    limits = rate_limits(widget=5, widget_address=2)
    page = Key(widget=True)
    for _ in range(50):
        charge(limits, "10.0.0.1", page)

    assert passed(limits, "10.0.0.2", page) == 4


def test_requests_whose_key_proves_wrong_are_limited_by_their_address(clock: Clock) -> None:
    limits = rate_limits(address=2, key=5)
    for _ in range(4):
        limits.charge_address("10.0.0.1")

    refused = charge(limits, "10.0.0.1", Key())
    assert refused and (refused.name, refused.limited) == ("address", True)


def test_a_refused_request_is_not_charged(clock: Clock) -> None:
    limits = rate_limits(address=1)
    for _ in range(100):
        limits.charge_address("10.0.0.1")

    clock.now += 1
    assert passed(limits) == 1


def test_the_number_tracked_is_bounded_and_the_longest_unused_goes_first(clock: Clock) -> None:
    limits = rate_limits(max_tracked=2, address=2)
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3"):
        limits.charge_address(address)

    assert [passed(limits, address) for address in ("10.0.0.1", "10.0.0.2")] == [2, 4]


def test_by_default_as_many_are_tracked_as_fit_in_some_megabytes() -> None:
    assert MAX_TRACKED == 100_000


# Addresses.


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("", ""),
        ("/run/fundstelle.sock", "/run/fundstelle.sock"),
        ("x" * 10_000, "x" * 64),
    ],
)
def test_addresses_are_counted_by(address: str, group: str) -> None:
    assert address_group(address) == group


def test_all_addresses_of_one_ipv6_network_share_a_budget(clock: Clock) -> None:
    limits = rate_limits(address=2, widget_address=2)

    assert [passed(limits, f"2001:db8::{last}") for last in (1, 2)] == [4, 0]


# The tightest.


def test_the_tightest_is_the_one_that_refused() -> None:
    refused = budget(limited=True, remaining=1, retry_after=0.1)

    assert tightest(budget(remaining=0), refused) is refused


def test_of_two_that_refused_the_longer_wait_counts() -> None:
    short, long = (budget(limited=True, remaining=0, retry_after=seconds) for seconds in (1, 2))

    assert tightest(short, long) is tightest(long, short) is long


def test_the_tightest_is_the_smallest_share_left_not_the_smallest_number() -> None:
    few, many = budget(limit=4, remaining=3), budget(limit=200, remaining=20)

    assert tightest(few, many) is tightest(many, few) is many


def test_no_budget_is_wider_than_any() -> None:
    one = budget()

    assert tightest(None, one) is tightest(one, None) is one
    assert tightest(None, None) is None


def test_a_charge_gives_the_tightest_of_address_and_key(clock: Clock) -> None:
    limits = rate_limits(address=100, key=2)

    charged = charge(limits, "10.0.0.1", Key())
    assert charged and (charged.name, charged.limit, charged.remaining) == ("key", 4, 3)


# Header fields.


def test_headers_state_the_policy_and_the_remaining_requests(clock: Clock) -> None:
    assert rate_limit_headers(rate_limits(address=100).charge_address("10.0.0.1")) == {
        "RateLimit-Policy": '"address";q=200;w=2',
        "RateLimit": '"address";r=199;t=1',
    }


def test_both_fields_of_a_refusal_give_the_same_time_to_retry(clock: Clock) -> None:
    limits = rate_limits(address=0.4)
    passed(limits)

    assert rate_limit_headers(limits.charge_address("10.0.0.1")) == {
        "RateLimit-Policy": '"address";q=1;w=3',
        "RateLimit": '"address";r=0;t=3',
        "Retry-After": "3",
    }


def test_retry_after_is_never_zero() -> None:
    assert rate_limit_headers(budget(limited=True, remaining=0, retry_after=0.001))["Retry-After"] == "1"


def test_a_wait_of_whole_seconds_is_not_made_longer_by_its_last_binary_digit() -> None:
    assert (
        rate_limit_headers(budget(limited=True, remaining=0, retry_after=2.0000000001))["Retry-After"] == "2"
    )


def test_without_a_budget_there_are_no_headers() -> None:
    assert rate_limit_headers(None) == {}
