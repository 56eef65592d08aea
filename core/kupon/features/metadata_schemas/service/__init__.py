"""Use cases of metadata schemas (`resources`) and of the schemas of custom events (`events`).

Whoever writes metadata checks it by `check_metadata`, or by the engine's `refuse_invalid` where
the project's schemas are at hand.
"""

from kupon.features.metadata_schemas.service.checking import check_metadata as check_metadata
from kupon.features.metadata_schemas.service.events import (
    create_event_schema as create_event_schema,
)
from kupon.features.metadata_schemas.service.events import (
    delete_event_schema as delete_event_schema,
)
from kupon.features.metadata_schemas.service.events import get_event_schema as get_event_schema
from kupon.features.metadata_schemas.service.events import list_event_schemas as list_event_schemas
from kupon.features.metadata_schemas.service.events import (
    update_event_schema as update_event_schema,
)
from kupon.features.metadata_schemas.service.resources import create_schema as create_schema
from kupon.features.metadata_schemas.service.resources import delete_schema as delete_schema
from kupon.features.metadata_schemas.service.resources import get_schema as get_schema
from kupon.features.metadata_schemas.service.resources import list_schemas as list_schemas
from kupon.features.metadata_schemas.service.resources import update_schema as update_schema
