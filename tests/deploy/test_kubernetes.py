"""deploy/kubernetes: valid by the API's own schema, closed in, and with the settings and secrets that compose has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from benchmarks._compose import COMPOSE
from prosepolish_core import Config
from prosepolish_core.config import variables

FOLDER = Path(__file__).parents[2] / "deploy/kubernetes"
KUSTOMIZATION: dict[str, Any] = YAML(typ="safe").load(FOLDER / "kustomization.yaml")
#: The newest and the oldest version of Kubernetes that they are held to.
VERSIONS = ("1.37.0", "1.29.0")


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object, with the name of its file."""
    for name in KUSTOMIZATION["resources"]:
        for document in YAML(typ="safe").load_all((FOLDER / name).read_text(encoding="utf-8")):
            yield name, document


OBJECTS = [pytest.param(one, id=f"{name}-{one['kind']}-{one['metadata']['name']}") for name, one in documents()]
PODS = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for _, one in documents() if "template" in one.get("spec", {})}
#: Pod -> service of docker-compose.yml.
SERVICES = {name: name for name in ("migrate", "collectors", "dashboard", "redis", "redis-state")}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("one", OBJECTS)
def test_an_object_is_what_the_api_takes(one: dict[str, Any], version: str) -> None:
    """Strictly: a field that the schema does not know is an error."""
    kubernetes_validate.validate(one, version, strict=True)


def test_every_manifest_is_listed() -> None:
    """What lies in the folder is applied; what is applied lies there, or is copied there as the manual says."""
    assert set(KUSTOMIZATION["resources"]) == {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(PODS) == set(SERVICES)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_closed_in(name: str) -> None:
    """Not root, read-only, no rights to gain, no token of the cluster, a limit of memory: the `restricted` standard."""
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_what_the_service_of_compose_runs(name: str) -> None:
    """The same command, the same secrets as files, the same health check."""
    (container,) = PODS[name]["containers"]
    service = COMPOSE["services"][SERVICES[name]]
    if name.startswith("redis"):
        ours = container["command"][2].replace(f"/etc/prosepolish/{name}.conf", "/etc/prosepolish/redis.conf")
        assert ours.replace(f"{name}-users.acl", "redis-users") == service["command"][2].replace("$$", "$")
        assert container["readinessProbe"]["exec"]["command"][2] == service["healthcheck"]["test"][1].replace("$$", "$")
        return
    assert container.get("command") == service.get("command")
    secret = {name for name in service["environment"] if name.endswith("_FILE")}
    assert {one["name"] for one in container["env"]} == secret
    assert all(one["value"].startswith("/run/secrets/") for one in container["env"])


@pytest.mark.parametrize("name", [name for name in PODS if not name.startswith("redis")])
def test_the_settings_of_a_pod_are_ones_we_have_and_hold_together(name: str, tmp_path: Path) -> None:
    """Read as its program reads them, with the secrets it mounts; the dashboard signs people in."""
    maps = {one["name"]: one["envs"] for one in KUSTOMIZATION["configMapGenerator"] if "envs" in one}
    (container,) = PODS[name]["containers"]
    given: dict[str, str] = {}
    for source in container["envFrom"]:
        for file in maps[source["configMapRef"]["name"]]:
            lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
            given |= dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given.keys() <= variables().keys()
    for secret in container["env"]:
        file = tmp_path / secret["name"]
        file.write_text("redis://a" if "REDIS" in file.name else "postgresql://a/b" if "DATABASE" in file.name else "s" * 32)
        given[secret["name"]] = str(file)
    assert Config.from_env(given).signs_in == (name == "dashboard")
