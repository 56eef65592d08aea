"""What a connection with Segment needs to know."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from kupon.hooks.settings import Secret, SettingsSchema

# Of one call; a batch may have more.
MOST_BYTES: Final = 32_768
TRACKING = {
    "us": "https://api.segment.io",
    "eu": "https://events.eu1.segmentapis.com",
}
PROFILES = {
    "us": "https://profiles.segment.com",
    "eu": "https://profiles.euw1.segment.com",
}
PUBLIC = {
    "us": "https://api.segmentapis.com",
    "eu": "https://eu1.api.segmentapis.com",
}


class SegmentSettings(SettingsSchema):
    """Everything is optional but what the wanted direction needs."""

    region = fields.String(
        load_default="us",
        validate=validate.OneOf(("us", "eu")),
        metadata={"description": "Where the workspace is; data of another region is lost."},
    )
    write_key = Secret(
        load_default=None,
        allow_none=True,
        metadata={"description": "Write key of the source that takes Kupon's events."},
    )
    shared_secret = Secret(
        load_default=None,
        allow_none=True,
        metadata={"description": "Shared secret of the Webhooks (Actions) destination."},
    )
    static_header = Secret(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Value of the header X-Kupon-Key that the Webhooks destination sends;"
            " needed for batches, of which Segment signs the first event only."
        },
    )
    profile_token = Secret(
        load_default=None,
        allow_none=True,
        metadata={"description": "Access token of the Profile API, for the first synchronization."},
    )
    space_id = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Space whose profiles are read."},
    )
    public_token = Secret(
        load_default=None,
        allow_none=True,
        metadata={"description": "Token of the Public API, to have customers erased."},
    )
    identifier = fields.String(
        load_default="user_id",
        validate=validate.Length(1, 100),
        metadata={
            "description": "Type of the external id that becomes the source id: user_id, email in"
            " lower case, or another one of the workspace's."
        },
    )
    repeats_within_s = fields.Integer(
        load_default=1,
        validate=validate.Range(1, 300),
        metadata={
            "description": "Seconds in which equal events of the catalogue destination, which"
            " sends no message ids, count as one; up to 300."
        },
    )
    regulation = fields.String(
        load_default="DELETE_ONLY",
        validate=validate.OneOf(("DELETE_ONLY", "SUPPRESS_WITH_DELETE")),
        metadata={"description": "Whether Segment goes on to drop calls of erased users."},
    )
    merges_aliases = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether an alias call merges two customers."},
    )
    tracking_url = fields.Url(
        load_default=None,
        allow_none=True,
        require_tld=False,
        metadata={"description": "Another address of the Tracking API, such as a proxy's."},
    )
    profile_url = fields.Url(
        load_default=None,
        allow_none=True,
        require_tld=False,
        metadata={"description": "Another address of the Profile API."},
    )
    public_url = fields.Url(
        load_default=None,
        allow_none=True,
        require_tld=False,
        metadata={"description": "Another address of the Public API."},
    )
