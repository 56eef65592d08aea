"""Twilio Segment: events and profiles of a workspace come in, Kupon's events go out.

Platform documents: "Voucherify (Actions)" destination, Webhooks (Actions), HTTP Tracking API,
Profile API, Public API (regulations).
"""

from __future__ import annotations

from collections.abc import Sequence

from kupon.hooks import hookimpl
from kupon.hooks.adapter import Adapter
from kupon_segment.adapter import SegmentAdapter


@hookimpl
def register_adapters() -> Sequence[type[Adapter]]:
    """Bring the adapter."""
    return [SegmentAdapter]
