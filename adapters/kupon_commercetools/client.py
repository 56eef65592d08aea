"""commercetools' HTTP API: one method per kind of call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from kupon.hooks.errors import AuthFailed, Conflict, Unavailable, as_documented
from kupon.hooks.http import HttpClient, HttpResponse

Json = dict[str, Any]
_GROUP = "api"
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CommercetoolsClient:
    """Calls with the credentials of one connection."""

    def __init__(self, settings: Mapping[str, Any], http: HttpClient) -> None:
        """Read the addresses of the project's region."""
        region = settings["region"]
        self._settings = settings
        self._http = http
        api = settings["api_url"] or f"https://api.{region}.commercetools.com"
        self._base = f"{api.rstrip('/')}/{settings['project_key']}"
        auth = settings["auth_url"] or f"https://auth.{region}.commercetools.com"
        self._token_url = f"{auth.rstrip('/')}/oauth/token"
        self._token_name = f"api:{settings['client_id']}"

    def get_project(self) -> Json:
        """The project and its configuration."""
        project = self._call("GET", "").json()
        with as_documented():
            return {"key": project["key"], **project}

    def find(self, place: str, *, id: str = "", key: str = "", **params: Any) -> Json | None:
        """One object by its id or its key; None where there is none."""
        named = f"key={quote(key, safe='')}" if key else quote(id, safe="")
        answer = self._call("GET", f"/{place}/{named}", params=params, allow=(404,))
        if answer.status == 404:
            return None
        found = answer.json()
        with as_documented():
            return {"version": found["version"], **found}

    def query(self, place: str, **params: Any) -> tuple[list[Json], bool]:
        """A page of objects, and whether it is full, so that another may follow."""
        answer = self._call("GET", f"/{place}", params={"withTotal": "false", **params}).json()
        with as_documented():
            results = [{"id": each["id"], **each} for each in answer["results"]]
            return results, len(results) >= int(answer["limit"])

    def find_products(
        self, names: Sequence[str], *, by_key: bool = False, **params: Any
    ) -> list[Json]:
        """The products that Kupon knows by some source ids, or has SKUs of.

        Shapes:  names are SKUs, ids of products, keys of them if wanted, and, of variants without
            SKU, the product's id and the variant's number.
        """
        ids = [each.partition(":")[0] for each in names]
        # The platform may take offence at an id that can't be one.
        sought = {"s": list(names), "i": [each for each in ids if _ID.fullmatch(each)]}
        listed = {kind: _listed(kind, len(found)) for kind, found in sought.items()}
        asked = [f"masterVariant(sku in {listed['s']})", f"variants(sku in {listed['s']})"]
        asked += [f"id in {listed['i']}"] if sought["i"] else []
        asked += [f"key in {listed['s']}"] if by_key else []
        values = {
            f"var.{kind}{place}": name
            for kind, found in sought.items()
            for place, name in enumerate(found)
        }
        where = " or ".join(asked)
        products, _ = self.query("product-projections", where=where, limit=500, **values, **params)
        return products

    def find_customers(self, ids: Sequence[str]) -> dict[str, Json]:
        """Customers by their ids."""
        if not ids:
            return {}
        where = f"id in {_listed('i', len(ids))}"
        values = {f"var.i{place}": id for place, id in enumerate(ids)}
        found, _ = self.query("customers", where=where, limit=500, **values)
        return {str(each["id"]): each for each in found}

    def find_orders(self, payments: Sequence[str], **params: Any) -> list[Json]:
        """The orders that are paid by some payments."""
        where = f"paymentInfo(payments(id in {_listed('i', len(payments))}))"
        values = {f"var.i{place}": id for place, id in enumerate(payments)}
        found, _ = self.query("orders", where=where, limit=500, **values, **params)
        return found

    def create(self, place: str, draft: Mapping[str, Any]) -> Json:
        """Make an object."""
        return self._changed(self._call("POST", f"/{place}", json=draft))

    def update(self, place: str, version: int, actions: Sequence[Mapping[str, Any]]) -> Json:
        """Change an object as it is in a version; the project itself has no place.

        Raises:  Conflict where it has changed meanwhile.
        """
        body = {"version": version, "actions": list(actions)}
        return self._changed(self._call("POST", f"/{place}".rstrip("/"), json=body))

    def hold(self, place: str, change: Callable[[Json], Sequence[Mapping[str, Any]]]) -> None:
        """Change an object by what its present state asks for; again where somebody was faster.

        Raises:  Conflict where others are faster each time.
        """
        for is_last in (False, False, True):
            known = self._call("GET", f"/{place}".rstrip("/")).json()
            with as_documented():
                version, actions = known["version"], change(known)
            if not actions:
                return
            try:
                self.update(place, version, actions)
                return
            except Conflict:
                if is_last:
                    raise

    def delete(self, place: str, version: int) -> None:
        """Delete an object; one that is gone already is as good as deleted."""
        self._call("DELETE", f"/{place}", params={"version": version}, allow=(404,))

    @staticmethod
    def _changed(answer: HttpResponse) -> Json:
        changed = answer.json()
        with as_documented():
            return {"version": changed["version"], **changed}

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        allow: tuple[int, ...] = (),
    ) -> HttpResponse:
        """Make a call; a token that is no longer taken is renewed once."""
        for is_last in (False, True):
            answer = self._send(
                method,
                f"{self._base}{path}",
                group=_GROUP,
                params=params,
                json=json,
                headers={"Authorization": f"Bearer {self._token()}"},
                allow=(401, *allow),
            )
            if answer.status != 401:
                return answer
            self._http.tokens.drop(self._token_name)
            if is_last:
                break
        raise AuthFailed(f"{method} {self._base}{path} answered 401")

    def _token(self) -> str:
        known = self._http.tokens.get(self._token_name)
        if known is not None:
            return known
        settings = self._settings
        answer = self._send(
            "POST",
            self._token_url,
            group=_GROUP,
            form={"grant_type": "client_credentials"},
            auth=(settings["client_id"], settings["client_secret"]),
        ).json()
        with as_documented():
            token = str(answer["access_token"])
            self._http.tokens.put(self._token_name, token, float(answer["expires_in"]))
            return token

    def _send(self, method: str, url: str, **options: Any) -> HttpResponse:
        return self._http.call(method, url, **options)


class HurriedClient(CommercetoolsClient):
    """Calls while somebody waits: all of them together are given a certain time.

    Units:  total_s of the HTTP client is what is left of it.
    """

    def _send(self, method: str, url: str, **options: Any) -> HttpResponse:
        if self._http.total_s <= 0:
            raise Unavailable("the time for looking things up is over")
        answer = super()._send(method, url, **options)
        self._http.total_s -= answer.took_ms / 1000
        return answer


def _listed(kind: str, count: int) -> str:
    """Variables of a query as a list."""
    return f"({', '.join(f':{kind}{place}' for place in range(count))})"
