"""The channel `http`: one signed request for each code."""

from __future__ import annotations

import json

from kupon.hooks.http import HttpClient
from kupon.hooks.signatures import sign
from kupon.hooks.types import Message


class HttpChannel:
    """Posts messages; whatever is answered with 2xx has arrived."""

    name = "http"

    def deliver(self, message: Message, http: HttpClient) -> None:
        """Post one code.

        Raises:  AdapterError.
        """
        told = {
            "object": "message",
            "project_id": message.project_id,
            "publication": message.publication,
            "customer": message.customer,
            "voucher": message.voucher,
        }
        body = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            # The same in every try, so that the receiver can pass over a repetition.
            "X-Kupon-Message": f"{message.publication['id']}:{message.voucher['id']}",
            "X-Kupon-Signature": sign(message.settings["secret"], body),
        }
        http.call("POST", message.settings["url"], headers=headers, body=body)
