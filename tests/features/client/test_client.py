"""The client surface: keys, origins, preflights, what a project has opened."""

from __future__ import annotations

from sqlalchemy import text

from kupon.testing.builders import make_voucher, redeemable

BODY = {"redeemables": [redeemable("TEN")], "order": {"amount": 1000}}


def narrow(uow, project, domains):
    uow.session.execute(
        text("UPDATE projects SET client_trusted_domains = cast(:domains AS jsonb) WHERE id = :id"),
        {"domains": domains, "id": project.id},
    )
    uow.commit()


def test_validates_and_redeems(api, client_api):
    make_voucher(api, "TEN")
    validated = client_api.post("/client/v1/validations", json=BODY).expect()
    assert validated["order"]["total_amount"] == 900
    redeemed = client_api.post("/client/v1/redemptions", json=BODY).expect()
    assert redeemed["order"]["total_amount"] == 900


def test_origin_must_be_listed(api, client_api, uow, project):
    make_voucher(api, "TEN")
    narrow(uow, project, '["shop.example.com", "https://app.example.org:8443"]')
    origins = {
        "https://shop.example.com": 200,
        "https://SHOP.example.com": 200,
        "https://app.example.org:8443": 200,
        "https://app.example.org": 401,
        "https://evil.example.net": 401,
        "https://shop.example.com.evil.example.net": 401,
        None: 401,
    }
    for origin, status in origins.items():
        headers = {"Origin": origin}
        answer = client_api.post("/client/v1/validations", json=BODY, headers=headers)
        assert answer.status == status, origin


def test_keys_of_other_surfaces_do_not_open_it(api, client_api):
    api.post("/client/v1/validations", json=BODY).refused(401, "unauthorized")
    client_api.post("/v1/validations", json=BODY).refused(401, "unauthorized")


def test_redemption_must_be_opened(api, client_api, uow, project):
    make_voucher(api, "TEN")
    uow.session.execute(
        text("UPDATE projects SET client_settings = '{}' WHERE id = :id"), {"id": project.id}
    )
    uow.commit()
    client_api.post("/client/v1/redemptions", json=BODY).refused(403, "forbidden")


def test_preflight_needs_no_key(app):
    answer = app.test_client().options(
        "/client/v1/validations",
        headers={
            "Origin": "https://shop.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-client-token",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert "X-Client-Token" in answer.headers["Access-Control-Allow-Headers"]


def test_sixth_call_in_five_seconds_is_refused(api, client_api):
    make_voucher(api, "TEN")
    answers = [client_api.post("/client/v1/validations", json=BODY) for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json == {
        "code": 429,
        "message": "Too many requests hit the API too quickly.",
    }
    assert int(answers[-1].headers["Retry-After"]) >= 1
