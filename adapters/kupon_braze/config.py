"""What a connection with Braze needs to know."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from kupon.hooks.settings import PullSettings, Secret

MOST_OBJECTS: Final = 75
MOST_MERGES: Final = 50
# Braze's clusters by the names that its dashboard shows.
HOSTS: Final = {
    **{f"US-0{number}": f"https://rest.iad-0{number}.braze.com" for number in range(1, 9)},
    "US-09": "https://rest.us-09.braze.com",
    "US-10": "https://rest.us-10.braze.com",
    "EU-01": "https://rest.fra-01.braze.eu",
    "EU-02": "https://rest.fra-02.braze.eu",
    "AU-01": "https://rest.au-01.braze.com",
    "ID-01": "https://rest.id-01.braze.com",
    "JP-01": "https://rest.jp-01.braze.com",
}


class BrazeSettings(PullSettings):
    """A workspace, and what may be done to its profiles."""

    api_key = Secret(
        required=True,
        validate=validate.Length(min=1),
        metadata={"description": "REST API key with users.track, and users.delete for erasure."},
    )
    instance = fields.String(
        required=True,
        validate=validate.OneOf(tuple(HOSTS)),
        metadata={"description": "The cluster of the workspace; its keys open no other one."},
    )
    rest_url = fields.Url(
        load_default=None,
        allow_none=True,
        require_tld=False,
        metadata={"description": "Another REST endpoint than the cluster's, such as a proxy's."},
    )
    batch_limit = fields.Integer(
        load_default=MOST_OBJECTS,
        validate=validate.Range(1, MOST_OBJECTS),
        metadata={"description": "Objects in one call: 75, or 50 on some plans."},
    )
    updates_only = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether profiles that Braze does not have are left unmade."},
    )
    fills_profiles = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether name, e-mail, phone, birthday, city and country are written"
            " too, over what Braze has."
        },
    )
    audience_list = fields.String(
        load_default="brazeAudiences",
        validate=validate.Length(1, 100),
        metadata={"description": "Key in customers' metadata that lists their audiences."},
    )
    creates_customers = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether a message to a user whom Kupon does not know makes a customer"
            " and takes a code; test sends then take codes too."
        },
    )
