"""Events of others as commands, by a mapping file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.plugins.test_kafka_records import record

from kupon.hooks import commands as said
from kupon.kit.timestamps import parse_moment
from kupon_kafka import foreign
from kupon_kafka.foreign import BadMapping, read_rules
from kupon_kafka.mapping import NoCommand, Reading, command_of, delivery_of

SEGMENT = """
[[rules]]
command = "customer.upsert"
when = { "$.type" = "identify" }
id = "$.messageId"
occurred_at = "$.timestamp"

[rules.data.customer]
source_id = "$.userId"
email = "$.traits.email"
name = "$.traits.name"
metadata.plan = "$.traits.plan"

[[rules]]
command = "event.track"
when = { "$.type" = ["track", "page"], "$.event" = ["Review Left", "Store Visited"] }
id = "$.messageId"
data.customer.source_id = "$.userId"
data.event = { path = "$.event", values = { "Review Left" = "review_left" } }
data.metadata = "$.properties"
"""

SHOP = """
[[rules]]
command = "order.upsert"
when = { "$.kind" = "order" }
id = "$.eventId"
version = "$.order.revision"

[rules.data]
session_key = "$.order.cart"
redeemables = { each = "$.order.coupons[*]", object = "voucher", id = "@.code" }

[rules.data.order]
source_id = { path = "$.order.number", text = true }
status = { path = "$.order.state", values = { paid = "PAID", void = "CANCELED" } }
amount = { path = "$.order.total", minor_units = 2 }
customer.source_id = { path = ["$.order.buyer.id", "$.order.buyer.email"] }

[rules.data.order.items]
each = "$.order.lines[?@.type == 'product']"
source_id = "@.sku"
related_object = "sku"
quantity = "@.count"
price = { path = "@.unit", minor_units = 2 }
"""


def command(mapping, event, **changed):
    reading = Reading(project_id="proj_1", translate=read_rules(mapping).translate)
    delivery = delivery_of(record(event, **changed), reading)
    return None if delivery is None else (delivery, command_of(delivery.payload))


def test_customers_of_a_stream_of_segment():
    event = {
        "type": "identify",
        "messageId": "m-1",
        "userId": "c-1001",
        "timestamp": "2026-02-03T10:00:00Z",
        "traits": {"email": "ana@example.com", "plan": "gold"},
    }
    delivery, made = command(SEGMENT, event)
    assert (delivery.id, delivery.subject) == ("m-1", "customer:c-1001")
    stamp = said.Stamp(at=parse_moment("2026-02-03T10:00:00.000Z"))
    fields = {"email": "ana@example.com", "metadata": {"plan": "gold"}}
    assert made == said.UpsertCustomer(source_id="c-1001", fields=fields, stamp=stamp)


def test_events_of_a_stream_of_segment():
    event = {
        "type": "track",
        "messageId": "m-2",
        "userId": "c-1001",
        "event": "Review Left",
        "properties": {"stars": 5},
    }
    _, made = command(SEGMENT, event)
    assert made == said.TrackEvent(source_id="c-1001", event="review_left", metadata={"stars": 5})


def test_orders_of_a_shop():
    order = {
        "number": 1001,
        "revision": 3,
        "state": "paid",
        "total": "129.90",
        "cart": "cart-7",
        "buyer": {"email": "ana@example.com"},
        "coupons": [{"code": "SPRING-9"}],
        "lines": [
            {"type": "product", "sku": "mug", "count": 2, "unit": 9.95},
            {"type": "shipping", "unit": 10},
        ],
    }
    delivery, made = command(SHOP, {"kind": "order", "eventId": "e-1", "order": order})
    assert delivery.subject == "order:1001"
    item = {"source_id": "mug", "related_object": "sku", "quantity": 2, "price": 995}
    assert made == said.UpsertOrder(
        source_id="1001",
        fields={
            "status": "PAID",
            "amount": 12990,
            "customer": {"source_id": "ana@example.com"},
            "items": [item],
        },
        redeemables=[{"object": "voucher", "id": "SPRING-9"}],
        checkout_key="cart-7",
        stamp=said.Stamp(version=3),
    )


def test_what_no_rule_fits_is_passed_over():
    assert command(SEGMENT, {"type": "track", "event": "Cart Viewed", "userId": "c"}) is None
    assert command(SHOP, {"kind": "refund"}) is None


def test_what_lacks_a_member_is_no_command():
    with pytest.raises(NoCommand) as caught:
        command(SEGMENT, {"type": "identify", "anonymousId": "a"})
    assert caught.value.key == "invalid_payload"


def test_without_an_id_the_place_tells_repetitions():
    event = {"type": "identify", "userId": "c-1"}
    delivery, _ = command(SEGMENT, event, topic="segment", partition=3, offset=8)
    assert delivery.id == "segment/3/8"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("rules", "TOML"),
        ("", "rules"),
        ("[[rules]]\ncommand = 'customer.forget'", "rule 1: command"),
        ("[[rules]]\ncommand = 'event.track'\nwhat = 1", "unknown members what"),
        ("[[rules]]\ncommand = 'event.track'\nwhen = { '$.[' = 1 }", r"\$\.\[ is no path"),
        ("[[rules]]\ncommand = 'event.track'\ndata.event = '$.['", r"data\.event: \$\.\[ is no"),
        ("[[rules]]\ncommand = 'event.track'\ndata.x = { path = '$.a', as = 1 }", "beside path"),
        ("[[rules]]\ncommand = 'event.track'\ndata.x = ['$.a']", "each"),
    ],
)
def test_a_file_that_can_not_be_used_says_where(text, wrong):
    with pytest.raises(BadMapping, match=wrong):
        read_rules(text)


def test_nothing_in_an_event_is_a_path():
    event = {"type": "identify", "userId": "$.traits", "messageId": json.dumps({"a": 1})}
    _, made = command(SEGMENT, event)
    assert made.source_id == "$.traits"


def test_the_example_of_the_readme_is_one():
    readme = Path(foreign.__file__).with_name("README.md").read_text()
    [text] = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    order = {
        "number": 7,
        "buyer": {"id": "c-1001"},
        "lines": [{"type": "product", "sku": "mug", "count": 1, "unit_price": "9.90"}],
    }
    event = {"kind": "order.paid", "eventId": "e-1", "order": order}
    _, made = command(text, event)
    assert (made.source_id, made.fields["status"]) == ("7", "PAID")
    assert made.fields["items"][0]["price"] == 990
