from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from kith_platform import app as application
from kith_platform import logs
from kith_platform.errors import FieldError
from kith_platform.web import static_files
from kith_platform.web.charts import Chart, Series
from kith_platform.web.forms import Form
from kith_platform.web.health import Check
from kith_platform.web.navigation import Navigation, NavItem

WEB = Path(static_files.__file__).parent


def test_the_menu_shows_only_what_exists_and_what_the_role_may_see(client: FlaskClient) -> None:
    page = client.get("/c/harbour/things/").text
    menu = page.split('id="nav"')[1].split("</nav>")[0]
    assert re.findall(r'class="label">([^<]+)<', menu) == ["Customers", "Fold the menu"]
    assert 'aria-current="page"' in menu


def test_a_modules_entry_appears_once_the_company_enables_it(app: Flask) -> None:
    from flask import g

    @app.before_request
    def enable() -> None:
        g.enabled_modules = {"retail"}

    assert "Predictions" in app.test_client().get("/c/harbour/things/").text


def test_two_entries_with_one_key_are_refused() -> None:
    menu = Navigation()
    item = NavItem(key="a", label="A", icon="home", endpoint="a.a")
    with pytest.raises(ValueError, match="exists already"):
        menu.add([item, item])
    with pytest.raises(ValueError, match="no section"):
        menu.add([NavItem(key="b", label="B", icon="home", endpoint="b.b", section="nowhere")])


def test_a_changed_sort_starts_the_list_again_and_keeps_the_filter(client: FlaskClient) -> None:
    page = client.get("/c/harbour/things/?q=ana&after=abc&sort=-net").text
    assert '<a href="/c/harbour/things/?q=ana&amp;sort=name">sort</a>' in page


def checked(standing: Any, monkeypatch: pytest.MonkeyPatch, *checks: Check) -> FlaskClient:
    for name in ("PARTS", "PAGES", "API"):
        monkeypatch.setattr(application, name, ())
    return application.create_app(standing, checks=checks).test_client()


def fail() -> None:
    raise ConnectionError("no answer")


def test_ready_without_redis_is_degraded_and_without_a_database_is_not(standing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    well, redis = Check("database", lambda: None), Check("redis", fail, required=False)
    answer = checked(standing, monkeypatch, well, redis).get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    answer = checked(standing, monkeypatch, Check("database", fail)).get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"database": "failed"}
    assert "no answer" not in answer.text


def test_requests_are_counted(client: FlaskClient) -> None:
    client.get("/c/harbour/things/")
    assert re.search(
        r'kith_requests_total\{endpoint="things.index",method="GET",status="200"\} [1-9]', client.get("/metrics").text
    )


def test_each_log_line_carries_request_and_hides_secrets(capsys: pytest.CaptureFixture[str], client: FlaskClient) -> None:
    number = client.get("/c/harbour/things/").headers["X-Request-Id"]
    assert number in capsys.readouterr().err
    assert logs.hide_secrets(None, "info", {"event": "x", "password": "tuna"})["password"] == "[hidden]"


def test_the_api_documentation_names_each_address(client: FlaskClient) -> None:
    page = client.get("/api/docs").text
    assert "/api/v1/things/" in page
    assert "Add a thing" in page
    assert 'id="schema-Thing"' in page
    assert "/api/v1/things/" in client.get("/api/openapi.json").get_json()["paths"]


def test_what_was_typed_stays_and_passwords_do_not(app: Flask) -> None:
    form = Form(MultiDict([("email", 'a"b'), ("password", "tuna")]), [FieldError("email", "No @ sign.")])
    template = """{% import "macros/forms.html" as forms %}{{ forms.summary(form) }}
        {{ forms.field(form, 'email', 'E-mail', help='h') }}
        {{ forms.field(form, 'password', 'Password', type='password') }}"""
    with app.test_request_context("/"):
        page = app.jinja_env.from_string(template).render(form=form)
    assert 'value="a&#34;b"' in page
    assert "tuna" not in page
    assert 'href="#f-email"' in page
    assert 'aria-invalid="true" aria-describedby="e-email h-email"' in page


def test_several_ticks_of_one_field_stay_ticked() -> None:
    assert Form(MultiDict([("kinds", "a"), ("kinds", "b")])).values("kinds") == ["a", "b"]
    assert Form({"kinds": ["a"]}).values("kinds") == ["a"]


def test_a_charts_data_cannot_end_its_script(app: Flask) -> None:
    chart = Chart(key="x", title="</script><b>", kind="bar", categories=["a"], series=[Series(name="</script>", values=[1.5])])
    with app.test_request_context("/"):
        text = str(chart.options())
    assert "<" not in text
    assert json.loads(text)["series"] == [{"name": "</script>", "values": [1.5]}]


def test_the_table_behind_a_chart_has_its_numbers(app: Flask) -> None:
    chart = Chart(
        key="x", title="T", kind="line", unit="percent", categories=["Jan", "Feb"],
        series=[Series(name="S", values=[0.1, None], low=[0.08, None], high=[0.12, None])],
    )  # fmt: skip
    template = '{% from "macros/charts.html" import chart %}{{ chart(c) }}'
    with app.test_request_context("/"):
        page = app.jinja_env.from_string(template).render(c=chart)
    assert "10.0%" in page
    assert "8.0% – 12.0%" in page
    assert page.count("no data") == 2


def test_a_finished_job_stops_asking(app: Flask) -> None:
    template = '{% from "macros/progress.html" import progress %}{{ progress("a", "orders.csv", state, 5, 10, poll_url="/p") }}'
    with app.test_request_context("/"):
        written = {state: app.jinja_env.from_string(template).render(state=state) for state in ("running", "done")}
    assert 'hx-get="/p" hx-trigger="every 2s"' in written["running"]
    assert "hx-get" not in written["done"]
    assert 'max="10" value="5"' in written["running"]


def test_every_icon_on_a_page_is_in_the_sprite() -> None:
    listed = set((WEB / "assets" / "icons.js").read_text().split("`")[1].split())
    code = WEB.parent
    used = {
        name
        for path in (*code.rglob("web/templates/**/*.html"), *(p for p in code.rglob("*.py")))
        if "node_modules" not in path.parts
        for name in re.findall(r"""\bicon(?:\(|=|":)\s*["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8"))
    }
    assert used - listed == set()


def test_the_lock_of_the_front_end_names_no_registry() -> None:
    lock = json.loads((WEB / "assets" / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all(package.get("integrity") or name == "" for name, package in lock["packages"].items())


@pytest.fixture
def built() -> dict[str, str]:
    path = static_files.DIST / "manifest.json"
    if not path.is_file():
        pytest.skip("the front end is not built here: run make ready")
    manifest: dict[str, str] = json.loads(path.read_text())
    return manifest


def test_assets_arrive_compressed_and_are_kept_for_ever(client: FlaskClient, built: dict[str, str]) -> None:
    address = f"/static/dist/{built['main.js']}"
    with client.get(address, headers={"Accept-Encoding": "gzip, br"}) as packed, client.get(address) as plain:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert packed.content_type.startswith("text/javascript")
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(packed.data) == plain.data


def test_nothing_outside_the_static_folder_is_served(client: FlaskClient) -> None:
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/dist/..%2f..%2fcontext.py").status_code == 404


def test_the_first_page_with_charts_stays_under_400_kb(client: FlaskClient, built: dict[str, str]) -> None:
    assets = sum((static_files.DIST / f"{name}.gz").stat().st_size for name in built.values())
    assert assets + len(gzip.compress(client.get("/_style/").data)) <= 400 * 1024


def test_the_documented_error_is_the_one_that_is_sent(client: FlaskClient) -> None:
    schemas = client.get("/api/openapi.json").get_json()["components"]["schemas"]
    sent = client.post("/api/v1/things/", json={}, headers={"Authorization": "Bearer x"}).get_json()
    assert set(sent) == set(schemas["Problem"]["properties"])
    assert set(sent["errors"][0]) == set(schemas["FieldProblem"]["properties"])


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio of two colours given as six hexadecimal digits."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [("ink", "ground"), ("soft", "ground"), ("soft", "paper"), ("accent", "paper"), ("accent", "ground"), ("warn", "warn-tint"),
     ("accent-dark", "accent-tint"), ("good", "paper"), ("bad", "paper"), ("bad", "bad-tint"), ("good", "good-tint")],
)  # fmt: skip
def test_text_can_be_read_by_weak_eyes(text: str, ground: str) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (WEB / "assets" / "shell.css").read_text()))
    assert contrast(colours[text], colours[ground]) >= 4.5


def test_letters_on_group_and_stage_colours_can_be_read() -> None:
    style = (WEB / "assets" / "pieces.css").read_text()
    tones = dict(re.findall(r"\.tone-(\w+)[^{]*\{ --tone: (#[0-9a-f]{6})", style))
    assert {"A", "B", "C", "D", "E", "L", "decline"} <= set(tones)
    for name, tone in tones.items():
        assert contrast("#ffffff" if name == "E" else "#0b1218", tone) >= 4.5, name
