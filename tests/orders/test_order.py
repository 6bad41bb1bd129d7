import uuid

from hypothesis import given
from hypothesis import strategies as st

from orders_api.order import ORDER_ID, order_id

LAST_NS = (1 << 48) * 1_000_000 - 1
"""Of the year 10889, where the milliseconds of a UUID end."""
RESOLUTION_NS = 245
"""A millisecond in 4096 parts."""

moments = st.integers(min_value=0, max_value=LAST_NS)


@given(moments)
def test_order_id_is_a_uuid_of_its_time(now_ns: int) -> None:
    """Any reader of RFC 9562 finds version 7 and the millisecond in it."""
    parsed = uuid.UUID(order_id(now_ns))
    assert (parsed.variant, parsed.version) == (uuid.RFC_4122, 7)
    assert parsed.int >> 80 == now_ns // 1_000_000
    assert ORDER_ID.fullmatch(str(parsed))


@given(moments, st.integers(min_value=RESOLUTION_NS, max_value=3_000_000))
def test_later_order_has_a_later_id(now_ns: int, pause_ns: int) -> None:
    """As text the ids sort by time, within a millisecond too: pages and row keys rest on it."""
    earlier = min(now_ns, LAST_NS - pause_ns)
    assert order_id(earlier) < order_id(earlier + pause_ns)


def test_orders_of_the_same_moment_have_two_ids() -> None:
    """Two instances that take an order at once do not take the same id."""
    assert len({order_id(1_700_000_000_000_000_000) for _ in range(1000)}) == 1000
