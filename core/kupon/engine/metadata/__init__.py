"""Metadata schemas: what the metadata of an object may hold, read once, and what breaks it.

    schemas = parse_schemas({"customer": {"properties": {...}, "allow_defined_only": True}})
    problems = check({"age": "old"}, schemas["customer"], is_creation=True)

Source: spec rules-and-qualification, section 17.
"""

from kupon.engine.metadata.checking import NO_SCHEMAS as NO_SCHEMAS
from kupon.engine.metadata.checking import MetadataSchema as MetadataSchema
from kupon.engine.metadata.checking import MetadataSchemas as MetadataSchemas
from kupon.engine.metadata.checking import Property as Property
from kupon.engine.metadata.checking import check as check
from kupon.engine.metadata.checking import refuse_invalid as refuse_invalid
from kupon.engine.metadata.checking import type_of as type_of
from kupon.engine.metadata.definition import MOST_DEFINITIONS as MOST_DEFINITIONS
from kupon.engine.metadata.definition import RELATED_OBJECTS as RELATED_OBJECTS
from kupon.engine.metadata.definition import parse_schema as parse_schema
from kupon.engine.metadata.definition import parse_schemas as parse_schemas
