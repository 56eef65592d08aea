import pytest

from kupon.kit.pages import NEWEST_FIRST, OrderTerm, PageRequest, list_body, order_terms


@pytest.mark.parametrize(
    ("limit", "page", "offset"), [(10, 1, 0), (10, 3, 20), (100, 1000, 99_900)]
)
def test_offset(limit: int, page: int, offset: int) -> None:
    assert PageRequest(limit=limit, page=page).offset == offset


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("code", (OrderTerm("code"),)),
        ("-code", (OrderTerm("code", descending=True),)),
        ("", NEWEST_FIRST),
    ],
)
def test_order(text: str, terms: tuple[OrderTerm, ...]) -> None:
    assert order_terms(text) == terms


def test_newest_come_first_by_default() -> None:
    assert PageRequest().order == (OrderTerm("created_at", descending=True),)


def test_envelope_names_its_array() -> None:
    assert list_body("vouchers", ["a"], total=7) == {
        "object": "list",
        "data_ref": "vouchers",
        "vouchers": ["a"],
        "total": 7,
    }


def test_envelope_of_a_cursor() -> None:
    body = list_body("data", [], has_more=False, more_starting_after="vtx_1")
    assert body == {
        "object": "list",
        "data_ref": "data",
        "data": [],
        "has_more": False,
        "more_starting_after": "vtx_1",
    }
