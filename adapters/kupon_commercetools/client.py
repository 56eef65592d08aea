"""commercetools' HTTP API: one method per kind of call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from kupon.hooks.errors import AuthFailed, Unavailable
from kupon.hooks.http import HttpClient, HttpResponse

Json = dict[str, Any]
_GROUP = "api"


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

    def find_variant(self, source_id: str) -> tuple[str, int] | None:
        """The product and the number of the variant that Kupon knows by a source id.

        Shapes:  it is the SKU, or, of variants without one, product and number.
        """
        where = "masterVariant(sku = :sku) or variants(sku = :sku)"
        found, _ = self.query(
            "product-projections", where=where, staged="false", limit=1, **{"var.sku": source_id}
        )
        with as_documented():
            for product in found:
                for variant in (product["masterVariant"], *product.get("variants", ())):
                    if variant.get("sku") == source_id:
                        return product["id"], int(variant["id"])
        product_id, _, number = source_id.rpartition(":")
        return (product_id, int(number)) if product_id and number.isdecimal() else None

    def create(self, place: str, draft: Mapping[str, Any]) -> Json:
        """Make an object."""
        return self._changed(self._call("POST", f"/{place}", json=draft))

    def update(self, place: str, version: int, actions: Sequence[Mapping[str, Any]]) -> Json:
        """Change an object as it is in a version; the project itself has no place.

        Raises:  Conflict where it has changed meanwhile.
        """
        body = {"version": version, "actions": list(actions)}
        return self._changed(self._call("POST", f"/{place}".rstrip("/"), json=body))

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
            answer = self._http.call(
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
        answer = self._http.call(
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


@contextmanager
def as_documented() -> Iterator[None]:
    """What is answered in another shape than documented is no answer."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unavailable("the answer is not as documented") from None
