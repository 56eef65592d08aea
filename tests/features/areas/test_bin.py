"""What a restricted key sees of the bin, and what it may remove for good."""

from __future__ import annotations

from kupon.testing.builders import assigned_to, make_campaign, make_product, make_voucher

PATH = "/v1/trash-bin"


def names(api):
    return {entry["resource_name"]: entry["id"] for entry in api.get(PATH).expect()["data"]}


def test_the_bin_of_a_restricted_key(api, make_area, restricted_api):
    france, lyon, paris = make_area("France", "Lyon", "Paris")
    places = {
        "mine": assigned_to(stores=[lyon]),
        "shared": assigned_to(stores=[lyon], areas=[france]),
        "foreign": assigned_to(stores=[paris]),
    }
    for name, access in places.items():
        make_campaign(api, name=name, type="STANDALONE", voucher={"code": f"{name}-code"}, **access)
        api.delete(f"/v1/vouchers/{name}-code").expect(204)
        api.delete(f"/v1/campaigns/{name}").expect(202)
    make_voucher(api, "alone")
    api.delete("/v1/vouchers/alone").expect(204)
    product = make_product(api, name="mug")
    api.delete(f"/v1/products/{product['id']}").expect(204)
    till = restricted_api(area_stores_ids=[lyon])
    everything = names(api)
    assert len(everything) == 8
    assert set(names(till)) == {"mine", "mine-code", "shared", "shared-code", "mug"}
    for name in ("foreign", "foreign-code", "shared", "shared-code", "alone"):
        till.delete(f"{PATH}/{everything[name]}").refused(403, "forbidden")
    assert names(api) == everything
    for name in ("mine-code", "mine", "mug"):
        till.delete(f"{PATH}/{everything[name]}").expect(204)
    assert set(names(till)) == {"shared", "shared-code"}
