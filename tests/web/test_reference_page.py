import re

from flask import Flask


def test_the_page_names_only_what_is_served_here(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/docs/")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) == 4
    for name in named:
        with client.get(f"/docs/{name}") as asset:
            assert (asset.status_code, bool(asset.data)) == (200, True), name


def test_it_shows_the_applications_own_document(app: Flask) -> None:
    start = app.test_client().get("/docs/start.js").text
    assert 'url: "../openapi.json"' in start
    assert "http" not in start


def test_the_way_there(app: Flask) -> None:
    answer = app.test_client().get("/docs")
    assert (answer.status_code, answer.headers["Location"]) == (302, "docs/")


def test_nothing_else_of_the_package_is_served(app: Flask) -> None:
    for name in ("LICENSE", "..%2f__init__.py", "index.html"):
        assert app.test_client().get(f"/docs/{name}").status_code == 404
