"""Images of codes: links in answers, drawing, and who may have what drawn."""

from __future__ import annotations

import io
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from barcode import Code128
from PIL import Image

from kupon.features.assets.schemas import dump_assets, open_id
from kupon.features.customers.service.tracking import decode_tracking_id
from kupon.testing.builders import cart, make_campaign, make_voucher, redeemable

BASE = "http://localhost/v1/assets"


@pytest.fixture
def fetch(app):
    """Fetches an image without any key."""

    def get(url, method="GET", **query):
        path = urlsplit(url).path
        return app.test_client().open(path, method=method, query_string=query)

    return get


def picture(response):
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.data))


def test_a_voucher_links_to_its_images(api, project, fetch):
    made = make_voucher(api, "SUMMER-1")
    id = made["assets"]["qr"]["id"]
    assert id.startswith(f"{project.id}.")
    assert "SUMMER" not in id
    assert made["assets"] == {
        "qr": {"id": id, "url": f"{BASE}/qr/{id}"},
        "barcode": {"id": id, "url": f"{BASE}/barcode/{id}"},
    }
    # The same at all times, so that what was mailed and what is cached stays good.
    assert api.get("/v1/vouchers/SUMMER-1").expect()["assets"] == made["assets"]
    for kind in ("qr", "barcode"):
        response = fetch(made["assets"][kind]["url"])
        assert response.mimetype == "image/png"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert picture(response).format == "PNG"


def test_links_name_the_address_by_which_the_caller_came(api):
    make_voucher(api, "X")
    headers = {"Host": "coupons.example.com"}
    qr = api.get("/v1/vouchers/X", headers=headers).expect()["assets"]["qr"]
    assert qr["url"] == f"http://coupons.example.com/v1/assets/qr/{qr['id']}"


@pytest.mark.parametrize("host", ["", "a b", "x<script>", '"', "[::1", "x:y", "\xff", "h" * 60])
def test_a_strange_address_does_no_harm(api, host):
    make_voucher(api, "X")
    api.get("/v1/vouchers/X", headers={"Host": host}).expect()


def test_every_answer_with_a_voucher_has_the_links(api):
    make_campaign(api, vouchers_count=1)
    [listed] = api.get("/v1/vouchers").expect()["vouchers"]
    body = {"redeemables": [redeemable(listed["code"])], "order": cart((1, 1000))}
    redeemed = api.post("/v1/redemptions", json=body).expect()
    assert redeemed["redemptions"][0]["voucher"]["assets"] == listed["assets"]


# A QR code of this length has 21 modules, and a margin of 4 at each side.
MODULES = 21 + 2 * 4


@pytest.mark.parametrize(("query", "scale"), [({}, 10), ({"size": "1"}, 1), ({"size": "100"}, 100)])
def test_the_size_of_a_qr_code_is_that_of_a_module(api, fetch, query, scale):
    url = make_voucher(api, "ABC123")["assets"]["qr"]["url"]
    assert picture(fetch(url, **query)).size == (MODULES * scale, MODULES * scale)


def test_the_size_of_a_barcode_is_its_height(api, fetch):
    url = make_voucher(api, "ABC123")["assets"]["barcode"]["url"]
    drawn = {size: picture(fetch(url, size=size)) for size in (1, 20, 100)}
    assert picture(fetch(url)).tobytes() == drawn[20].tobytes()
    assert len({image.width for image in drawn.values()}) == 1
    # 300 dots for an inch of 25.4 mm.
    assert drawn[100].height - drawn[20].height == pytest.approx(80 / 25.4 * 300, abs=2)


def test_a_barcode_says_the_code(api, fetch):
    url = make_voucher(api, "ABC123")["assets"]["barcode"]["url"]
    image = picture(fetch(url)).convert("1")
    row = [image.getpixel((x, 30)) == 0 for x in range(image.width)]
    first = row.index(True)
    bars = "".join("1" if row[x] else "0" for x in range(first + 1, image.width - first, 3))
    assert bars.rstrip("0") == Code128("ABC123").build()[0].rstrip("0")


@pytest.mark.parametrize("kind", ["qr", "barcode"])
@pytest.mark.parametrize("code", ["ABC123", "<script>alert(1)</script>&\"'", "A B-C_d"])
def test_drawings_as_svg(api, fetch, kind, code):
    body = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 1}}
    made = api.post("/v1/vouchers", json=body | {"code": code}).expect()
    response = fetch(made["assets"][kind]["url"], format="svg", size=3)
    assert response.mimetype == "image/svg+xml"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    root = ElementTree.fromstring(response.data)
    assert root.tag.endswith("}svg")
    assert not [node for node in root.iter() if node.tag.endswith("script")]


@pytest.mark.parametrize("code", ["ZAŻÓŁĆ", "\N{ADMISSION TICKETS}" * 200])
def test_codes_beyond_ascii_have_no_barcode(api, fetch, code):
    assets = make_voucher(api, code)["assets"]
    assert set(assets) == {"qr"}
    assert picture(fetch(assets["qr"]["url"])).format == "PNG"
    answer = fetch(assets["qr"]["url"].replace("/qr/", "/barcode/"))
    assert (answer.status_code, answer.json["key"]) == (404, "not_found")


@pytest.mark.parametrize("kind", ["qr", "barcode"])
def test_the_longest_codes(api, fetch, kind):
    url = make_voucher(api, "x" * 200)["assets"][kind]["url"]
    for format in ("png", "svg"):
        assert fetch(url, format=format, size=100).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"size": "0"},
        {"size": "101"},
        {"size": "-1"},
        {"size": "1.5"},
        {"size": "big"},
        {"size": "99999999999999999999"},
        {"size": ["1", "2"]},
        {"size[a]": "1"},
        {"format": "gif"},
        {"format": ""},
        {"format": ["png", "svg"]},
    ],
)
@pytest.mark.parametrize("kind", ["qr", "barcode"])
def test_broken_queries_are_refused(api, fetch, kind, query):
    url = make_voucher(api)["assets"][kind]["url"]
    answer = fetch(url, **query)
    assert (answer.status_code, answer.json["key"]) == (400, "invalid_query_params")


def test_nobody_can_make_up_an_id(api, project, new_project, fetch):
    id = make_voucher(api, "MINE")["assets"]["qr"]["id"]
    sealed = id.partition(".")[2]
    changed = ("B" if sealed[0] == "A" else "A") + sealed[1:]
    for wrong in (
        "x",
        "MINE",
        ".",
        sealed,
        f"{project.id}.",
        f"{project.id}.{changed}",
        f"{project.id}.{sealed}!",
        f"{project.id}.ż",
        f"{new_project().id}.{sealed}",
        f"proj_nobody.{sealed}",
        "x" * 5000,
        "%00",
        "%FF.%FF",
    ):
        for kind in ("qr", "barcode"):
            answer = fetch(f"/v1/assets/{kind}/{wrong}")
            assert (answer.status_code, answer.json["key"]) == (404, "not_found"), wrong


def test_ids_of_images_are_no_tracking_ids(api, project, uow):
    key = uow.reader.execute(
        "SELECT tracking_key FROM projects WHERE id = %s", (project.id,)
    ).fetchone()[0]
    id = make_voucher(api, "MINE")["assets"]["qr"]["id"]
    assert open_id(key, id) == "MINE"
    sealed = id.partition(".")[2].replace("-", "+").replace("_", "/")
    tracking = "track_" + sealed + "=" * (-len(sealed) % 4)
    assert decode_tracking_id(key, tracking) == tracking


def test_in_the_background_there_are_no_links(app):
    assert dump_assets("CODE") is None
    # Nor for keys that open no project.
    with app.test_request_context():
        assert dump_assets("CODE") is None


def test_an_image_outlives_its_voucher(api, fetch):
    url = make_voucher(api, "GONE")["assets"]["qr"]["url"]
    api.delete("/v1/vouchers/GONE", query={"force": True}).expect(204)
    assert fetch(url).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_images_are_only_read(fetch, method):
    assert fetch("/v1/assets/qr/x", method=method).status_code == 405


def test_an_image_can_be_asked_after(api, fetch):
    answer = fetch(make_voucher(api)["assets"]["qr"]["url"], method="HEAD")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"", "image/png")
