"""A customer data platform, a messaging platform and a shop, connected by Kupon.

Reads the server's address and keys from the file that KUPON_CREDENTIALS names. The server must be
allowed to call this machine: KUPON_ALLOWED_NETWORKS=127.0.0.0/8.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from listener import Listener
from server import Kupon

SHARED_SECRET = "segment's and Kupon's"
CART = {"amount": 8000, "items": [{"source_id": "beans", "quantity": 2, "price": 4000}]}
# 15 % of 80.00
TAKEN_OFF = 1200


def expect(what: str, got: Any, expected: Any) -> None:
    """Go on only if something is as it must be."""
    if got != expected:
        sys.exit(f"{what}: {got!r} instead of {expected!r}")
    print(f"  {what}: {got}")


def wait_for(what: str, look: Callable[[], Any], expected: Any) -> None:
    """What platforms tell and are told happens behind the answer, shortly after it."""
    for _ in range(150):
        if look() == expected:
            break
        time.sleep(0.2)
    expect(what, look(), expected)


class Story:
    """One run: its own customer, campaign and connections."""

    def __init__(self, kupon: Kupon, listener: Listener) -> None:
        self.kupon = kupon
        self.listener = listener
        self.run = time.time_ns()
        self.ada = f"ada-{self.run}"
        self.campaign = f"Welcome-{self.run}"
        self.code = ""

    def connect(self) -> None:
        """Segment and Braze become connections, the shop's server a webhook."""
        url = self.listener.address
        self.segment = self._connection(
            "segment",
            shared_secret=SHARED_SECRET,
            write_key="write-key",
            tracking_url=f"{url}/segment",
        )
        self.braze = self._connection(
            "braze", instance="EU-01", api_key="rest-key", rest_url=f"{url}/braze"
        )
        hook = {"target_url": f"{url}/shop", "events": ["redemption.succeeded"], "active": True}
        self.webhook = self.kupon.operator("POST", "/webhooks", hook)
        self.signing_key = self.kupon.operator("POST", "/signing-key")["key"]

    def disconnect(self) -> None:
        """Take away what was made, so that the next run meets nothing of this one."""
        self.kupon.operator("DELETE", f"/webhooks/{self.webhook['id']}")
        for made in (self.segment, self.braze):
            self.kupon.operator("DELETE", f"/connections/{made['id']}?force=true")

    def _connection(self, adapter: str, **settings: Any) -> Any:
        body = {"adapter": adapter, "name": f"{adapter} {self.run}", "settings": settings}
        return self.kupon.operator("POST", "/connections", body)

    def identify(self, message: str, moment: str, **traits: str) -> None:
        """Segment tells who somebody is, signed over the bytes that it sends."""
        call = {
            "type": "identify",
            "messageId": f"{message}-{self.run}",
            "timestamp": moment,
            "userId": self.ada,
            "traits": traits,
        }
        body = json.dumps(call).encode()
        signature = hmac.new(SHARED_SECRET.encode(), body, hashlib.sha1).hexdigest()
        answer = requests.post(
            f"{self.segment['address']}/webhook",
            data=body,
            headers={"X-Signature": signature, "Content-Type": "application/json"},
            timeout=30,
        )
        expect(f"Kupon takes {message}", answer.status_code, 200)

    def render(self) -> str:
        """A message of Braze's is rendered and asks for its reader's code."""
        key = self.braze["integration_key"]
        body = {
            "campaign": self.campaign,
            "customer": self.ada,
            "channel": "Braze",
            "source_id": f"spring-mail{self.ada}",
        }
        headers = {"applicationId": key["app_id"], "secretKey": key["app_token"]}
        return str(self.kupon.call("POST", "/braze/content", headers, body)["voucher"]["code"])


def arrive(story: Story) -> None:
    """Segment tells of Ada, late, twice and in disorder; what is newest counts."""
    print("Segment tells of Ada")
    new = {"moment": "2026-03-02T10:00:00Z", "name": "Ada", "email": "ada@new.example"}
    old = {"moment": "2026-03-01T10:00:00Z", "name": "Ada", "email": "ada@old.example"}
    for message, told in (("second", new), ("first", old), ("second", new)):
        story.identify(message, **told)
    path = "/customers?email=ada@new.example&limit=100&order=-created_at"

    def found() -> list[str]:
        rows = story.kupon.shop("GET", path)["customers"]
        return [row["source_id"] for row in rows if row["source_id"] == story.ada]

    wait_for("customers in Kupon", found, [story.ada])


def write(story: Story) -> None:
    """Braze renders a mail more than once, and Ada gets one code."""
    print("\nBraze writes to Ada")
    story.kupon.shop(
        "POST",
        "/campaigns",
        {
            "name": story.campaign,
            "type": "AUTO_UPDATE",
            "campaign_type": "DISCOUNT_COUPONS",
            "voucher": {
                "type": "DISCOUNT_VOUCHER",
                "discount": {"type": "PERCENT", "percent_off": 15},
                "redemption": {"quantity": 1},
            },
        },
    )
    story.code = story.render()
    expect("the code, asked again", story.render() == story.code, True)


def buy(story: Story) -> None:
    """Ada uses it in the shop, once."""
    print("\nAda buys")
    body = {
        "redeemables": [{"object": "voucher", "id": story.code}],
        "customer": {"source_id": story.ada},
        "order": CART,
    }
    checked = story.kupon.shop("POST", "/validations", body)
    expect("valid", checked["valid"], True)
    done = story.kupon.shop("POST", "/redemptions", body)
    expect("taken off", done["order"]["total_discount_amount"], TAKEN_OFF)
    again = story.kupon.shop("POST", "/validations", body)
    expect("valid a second time", again["valid"], False)


def hear(story: Story) -> None:
    """All three hear of it: the shop by a signed webhook, the others as an event of Ada's."""
    print("\nEverybody hears")
    listener, code = story.listener, story.code

    def of_shop() -> list[str]:
        bodies = [each.json["data"]["redemption"] for each in listener.at("/shop")]
        return [body["voucher"]["code"] for body in bodies]

    def of_segment() -> list[str]:
        calls = [call for told in listener.at("/segment/v1/batch") for call in told.json["batch"]]
        tracks = [call for call in calls if call["type"] == "track"]
        return [
            call["properties"]["voucher_code"]
            for call in tracks
            if call["userId"] == story.ada and call["event"] == "Customer Redemption Succeeded"
        ]

    def of_braze() -> list[str]:
        events = [
            event
            for told in listener.at("/braze/users/track")
            for event in told.json.get("events", [])
        ]
        return [
            event["properties"]["voucher_code"]
            for event in events
            if event["external_id"] == story.ada
            and event["name"] == "customer.redemption.succeeded"
        ]

    wait_for("the shop", of_shop, [code])
    wait_for("Segment", of_segment, [code])
    wait_for("Braze", of_braze, [code])
    (told,) = listener.at("/shop")
    signature = hmac.new(story.signing_key.encode(), told.body, hashlib.sha256).hexdigest()
    given = told.headers["x-voucherify-signature"]
    expect("signed by Kupon", hmac.compare_digest(signature, given), True)


def main() -> None:
    """Run the example; it ends at the first thing that is not as it must be."""
    kupon = Kupon(json.loads(Path(os.environ["KUPON_CREDENTIALS"]).read_text()))
    with Listener() as listener:
        story = Story(kupon, listener)
        story.connect()
        try:
            for act in (arrive, write, buy, hear):
                act(story)
        finally:
            story.disconnect()
    print("\nEach told once, and counted once.")


if __name__ == "__main__":
    main()
