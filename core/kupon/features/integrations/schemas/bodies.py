"""Bodies inside of commands and of calls at once, read as the API's routes read theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from kupon.features.customers.schemas import CustomerBody, CustomerUpdate, RedeemableListQuery
from kupon.features.events.schemas import EventBody
from kupon.features.orders.schemas import OrderBody
from kupon.features.products.schemas import ProductCreate, SkuCreate
from kupon.features.publications.schemas import PublicationBody
from kupon.features.qualifications.schemas import QualificationBody
from kupon.features.validations.schemas import StackableBody
from kupon.kit.complaints import first_complaint
from kupon.kit.errors import invalid_payload
from kupon.kit.pages import PageRequest
from kupon.web.reading import compile_body

Reader = Callable[[Mapping[str, Any]], dict[str, Any]]


def _reader(schema: type[Schema]) -> Reader:
    compiled = compile_body(schema())

    def read(body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            loaded: dict[str, Any] = compiled(dict(body))
        except ValidationError as error:
            raise invalid_payload(first_complaint(error.messages)) from None
        return loaded

    return read


# Each raises invalid_payload.
read_customer = _reader(CustomerBody)
read_customer_update = _reader(CustomerUpdate)
read_product = _reader(ProductCreate)
read_sku = _reader(SkuCreate)
read_order = _reader(OrderBody)
read_stackable = _reader(StackableBody)
read_qualification = _reader(QualificationBody)
read_publication = _reader(PublicationBody)
read_event = _reader(EventBody)


def first_page() -> PageRequest:
    """The first page of a wallet, as long as it may be."""
    page: PageRequest = RedeemableListQuery().load({"limit": "100"})
    return page
