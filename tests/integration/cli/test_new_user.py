"""A new user's way from files to scores, by `kith` alone: real processes, a home of their own, no `kith up`."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KITH = Path(sys.executable).with_name("kith")
LAST_DAY = dt.date(1997, 9, 30)
HOLDOUT_DAYS = 273  # 39 weeks


class Shell:
    """Runs `kith` in one home, as a shell without any of our settings would."""

    def __init__(self, home: Path) -> None:
        self.home = home
        own = {name: value for name, value in os.environ.items() if not name.startswith(("KITH_", "PYTHON"))}
        self.environment = {**own, "KITH_HOME": str(home / "kith"), "PYTHONPYCACHEPREFIX": str(home / "compiled")}

    def run(self, *words: object, code: int = 0, given: str | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [KITH, *map(str, words)],
            env=self.environment,
            cwd=self.home,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"kith {' '.join(map(str, words))} → {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def ask(self, *words: object, given: str | None = None) -> dict[str, Any]:
        """With --json: all of stdout is one document."""
        answer: dict[str, Any] = json.loads(self.run(*words, "--json", given=given).stdout)
        return answer


@pytest.fixture(scope="module")
def kith() -> Iterator[Shell]:
    with tempfile.TemporaryDirectory(prefix="kith-cli-") as folder:
        shell = Shell(Path(folder))
        yield shell
        shell.run("down")


@pytest.fixture(scope="module")
def data(pytestconfig: pytest.Config) -> Path:
    folder = pytestconfig.rootpath.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return folder


@pytest.fixture(scope="module")
def cdnow(kith: Shell, data: Path) -> dict[str, Any]:
    """The company `cdnow` with its orders imported, refreshed and trained; what each command answered."""
    kith.ask(
        *("tenant", "create", "cdnow", "--name", "CDNOW", "--industry", "retail"),
        *("--owner", "ada@cdnow.example", "--password-stdin"),
        given="correct horse battery staple\n",
    )
    return {
        "import": kith.ask("import", "cdnow", "orders", data / "cdnow_sample.txt"),
        "refresh": kith.ask("refresh", "cdnow"),
        "train": kith.ask("train", "cdnow", "--as-of", LAST_DAY, "--wait"),
    }


@pytest.fixture(scope="module")
def later_purchase_days(data: Path) -> dict[str, int]:
    """From the file itself: of everybody who bought by LAST_DAY, the days of the hold-out on which they bought again."""
    days: dict[str, set[dt.date]] = defaultdict(set)
    for line in (data / "cdnow_sample.txt").read_text().splitlines():
        customer, _number, day, *_rest = line.split()
        days[customer].add(dt.date(int(day[:4]), int(day[4:6]), int(day[6:])))
    end = LAST_DAY + dt.timedelta(days=HOLDOUT_DAYS)
    return {
        customer: sum(LAST_DAY < day <= end for day in bought) for customer, bought in days.items() if min(bought) <= LAST_DAY
    }


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_line_of_the_file_is_accounted_for(cdnow: dict[str, Any]) -> None:
    counts = cdnow["import"]
    assert (counts["read"], counts["inserted"], counts["rejected"], counts["rejects_file"]) == (6919, 6919, 0, None)
    assert counts["seconds"] > 0
    assert {step["state"] for step in cdnow["refresh"]["steps"]} == {"done"}


def test_the_published_parameters_of_cdnow_come_out(cdnow: dict[str, Any]) -> None:
    found = cdnow["train"]["models"]["clv"]
    buying, money = found["parameters"]["bgnbd"], found["parameters"]["gamma_gamma"]
    assert found["parameters"]["time_unit"] == "week"
    assert found["parameters"]["log_likelihood"] == pytest.approx(-9582.43, abs=0.5)
    published = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    assert {name: buying[name] for name in published} == pytest.approx(published, rel=0.01)
    assert {name: money[name] for name in "pq"} == pytest.approx({"p": 6.25, "q": 3.74}, rel=0.02)
    assert (found["verdict"], found["state"], found["as_of"]) == ("better_than_baseline", "champion", "1997-09-30")


def test_the_hold_out_error_is_at_most_079_at_39_weeks(cdnow: dict[str, Any], later_purchase_days: dict[str, int]) -> None:
    holdout = cdnow["train"]["models"]["clv"]["metrics"]
    assert (holdout["days"], holdout["from"], holdout["to"]) == (HOLDOUT_DAYS, "1997-10-01", "1998-06-30")
    assert holdout["customers"] == 2357
    assert holdout["actual_purchases"] == sum(later_purchase_days.values())
    assert holdout["purchases_mae"] <= 0.79


def test_scores_of_the_same_horizon_give_that_error_again_from_the_file_itself(
    kith: Shell, cdnow: dict[str, Any], later_purchase_days: dict[str, int]
) -> None:
    kith.run("scores", "cdnow", "clv", "--horizon", HOLDOUT_DAYS, "--csv", "ahead.csv")
    rows = read(kith.home / "ahead.csv")
    assert {row["customer_id"] for row in rows} == later_purchase_days.keys(), "ids are the source's, leading zeros kept"
    errors = [abs(float(row["expected_purchases"]) - later_purchase_days[row["customer_id"]]) for row in rows]
    error = sum(errors) / len(errors)
    assert error == pytest.approx(cdnow["train"]["models"]["clv"]["metrics"]["purchases_mae"], abs=1e-4)
    print(f"CDNOW, 39 weeks: mean absolute error {error:.4f} purchases a customer")


@pytest.mark.usefixtures("cdnow")
def test_scores_say_value_chance_and_tier_of_everybody(kith: Shell) -> None:
    answered = kith.run("scores", "cdnow", "clv", "--csv", "scores.csv")
    assert answered.stdout == ""
    rows = read(kith.home / "scores.csv")
    further = ["p_alive", "expected_purchases", "monthly_fee", "months_staying"]
    assert list(rows[0]) == ["customer_id", "source", "as_of", "value", "tier", "reasons", *further]
    assert {(row["monthly_fee"], row["months_staying"]) for row in rows} == {("", "")}, "nobody subscribes"
    assert (len(rows), rows[0]["as_of"], rows[0]["tier"]) == (2357, "1997-09-30", "bgnbd")
    assert all(0 <= float(row["p_alive"]) <= 1 and float(row["value"]) >= 0 for row in rows)
    values = [float(row["value"]) for row in rows]
    assert values == sorted(values, reverse=True)


def test_nine_months_of_history_are_too_few_for_churn_and_the_rule_says_how_many_are_missing(cdnow: dict[str, Any]) -> None:
    churn = cdnow["train"]["models"]["churn"]
    assert (churn["state"], churn["verdict"]) == ("not_trained", "history_too_short")
    assert churn["verdict_params"]["has"] == 273
    assert churn["verdict_params"]["needs"] > 273


@pytest.mark.usefixtures("cdnow")
def test_modules_metrics_and_jobs_are_there_to_see(kith: Shell) -> None:
    modules = {one["name"]: one["enabled"] for one in kith.ask("module", "list", "cdnow")["modules"]}
    assert modules.items() >= {"analytics_cem": True, "industry_retail": True}.items()
    metrics = kith.ask("metrics", "cdnow")["metrics"]
    assert metrics
    assert all(one["value"] is not None or one["reason"] for one in metrics)
    jobs = kith.ask("jobs", "list", "cdnow")["jobs"]
    assert {"imports.load", "refresh.run", "predict.train"} <= {job["kind"] for job in jobs}
    assert {job["state"] for job in jobs} <= {"done", "queued"}


@pytest.mark.usefixtures("cdnow")
def test_mistakes_end_with_a_clear_word_on_stderr(kith: Shell) -> None:
    for words, code, said in (
        (("scores", "nobody", "clv"), 1, "There is no company 'nobody'"),
        (("train", "cdnow", "fortune"), 1, "There is no model 'fortune'"),
        (("import", "cdnow", "orders", "missing.csv"), 2, "missing.csv"),
        (("train",), 2, "Missing argument"),
    ):
        done = kith.run(*words, code=code)
        assert (done.stdout, said in done.stderr) == ("", True), done.stderr


def test_a_wide_file_of_order_lines_goes_the_same_way(kith: Shell, data: Path) -> None:
    kith.ask("tenant", "create", "journey", "--name", "Journey", "--owner", "bo@journey.example", "--industry", "retail")
    loaded = kith.ask("import", "journey", "orders", data / "completejourney" / "transactions_sample.csv")
    assert (loaded["read"], loaded["rejected"]) == (75_000, 0)
    assert loaded["inserted"] + loaded["duplicate"] == 75_000
    kith.ask("refresh", "journey")
    models = kith.ask("train", "journey", "--wait")["models"]
    assert models["clv"]["state"] in ("champion", "baseline")
    assert models["churn"]["verdict"]
    for key in ("churn", "clv"):
        kith.run("scores", "journey", key, "--csv", f"{key}.csv")
        rows = read(kith.home / f"{key}.csv")
        assert rows
        assert all(0 <= float(row["value"]) <= 1 for row in rows) or key == "clv"


def test_a_question_of_ones_own_names_the_leak_and_shows_both_splits(kith: Shell, data: Path) -> None:
    named = ("--name", "Bank", "--owner", "ida@bank.example", "--password-stdin")
    kith.ask("tenant", "create", "bank", *named, given="correct horse battery staple\n")
    counts = kith.ask("import", "bank", "labelled", data / "bank_additional.csv")
    assert (counts["read"], counts["inserted"], counts["rejected"], counts["table"]) == (4119, 4119, 0, "bank_additional")
    found = kith.ask("train", "bank", "--outcome", "y", "--wait")
    assert [one["column"] for one in found["leaks"]] == ["duration"]
    assert [(one["split"], one["low"] > 0.05) for one in found["splits"]] == [("random", True), ("order", True)]
    assert found["verdict"] == "better_than_baseline"
    for one in found["splits"]:
        print(f"bank, {one['split']}: AUC {one['auc']:.3f}, PR-AUC {one['pr_auc']:.3f}, with duration {one['with_suspects']}")
    refused = kith.run("train", "bank", "--outcome", "weather", "--wait", code=1)
    assert "bank_additional.duration" in refused.stderr
