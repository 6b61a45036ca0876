"""docker-compose.yml: valid by the Compose specification, closed to the outside, without a default password."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from lakehouse.settings import settings

ROOT = settings().checkout
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
SPECIFICATION = ROOT.parent / "shared" / "judges" / "compose-spec.json"
SECRET = re.compile(r"PASSWORD|_KEY|TOKEN", re.IGNORECASE)
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")


def test_the_file_follows_the_compose_specification():
    if not SPECIFICATION.exists():
        pytest.skip("the specification's schema is not beside the checkout")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SPECIFICATION.read_text("utf-8"))
    errors = [f"{list(e.absolute_path)}: {e.message}" for e in jsonschema.Draft7Validator(schema).iter_errors(COMPOSE)]
    assert errors == []


def compose(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess:
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("this docker has no compose plugin")
    command = ["docker", "compose", "--file", str(ROOT / "docker-compose.yml"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"} | env)


@pytest.mark.skipif(not shutil.which("docker"), reason="docker is not installed")
def test_compose_itself_reads_the_file_and_refuses_missing_passwords():
    names = set(REQUIRED.findall(TEXT))
    assert compose("config", "--quiet", env=dict.fromkeys(names, "x")).returncode == 0
    assert "say the password" in compose("config", "--quiet", env={}).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_the_loopback_only(name):
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), f"{name} publishes {port}"


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_and_comes_back(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_must_be_given_and_the_refusal_says_what_to_set(name):
    given = SERVICES[name].get("environment", {})
    for variable, value in given.items():
        if SECRET.search(variable):
            assert REQUIRED.fullmatch(str(value)), f"{name}: {variable} has a default"


def test_the_example_environment_names_exactly_the_required_variables_without_values():
    lines = [line for line in (ROOT / "deploy" / "example.env").read_text().splitlines() if line and line[0] != "#"]
    assert all(line.endswith("=") for line in lines)
    assert {line[:-1] for line in lines} == set(REQUIRED.findall(TEXT))


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_version(name):
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.match(r"\d+\.\d+", tag), SERVICES[name]["image"]


@pytest.mark.parametrize("dockerfile", ["lake/Dockerfile", "s3/Dockerfile"])
def test_base_images_are_pinned_and_the_process_is_not_root(dockerfile):
    text = (ROOT / "deploy" / dockerfile).read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases and all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] != "root"


def test_every_file_that_a_service_names_is_there():
    named = re.findall(r"\.?/?deploy/[\w./-]+", TEXT)
    assert named
    for path in {name.removeprefix("./").removeprefix("/") for name in named}:
        assert (ROOT / path).exists(), path


def test_health_dependencies_are_services():
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name


def test_each_service_folder_is_explained():
    folders = [folder for folder in (ROOT / "deploy").iterdir() if folder.is_dir()]
    assert {folder.name for folder in folders if not (folder / "README.md").exists()} == set()


def test_lake_settings_in_the_file_exist():
    names = set(re.findall(r"^\s+(LAKE_\w+):", TEXT, re.MULTILINE))
    dockerfile = (ROOT / "deploy" / "lake" / "Dockerfile").read_text()
    names |= set(re.findall(r"(LAKE_\w+)=", dockerfile))
    known = {f"LAKE_{field.upper()}" for field in type(settings()).model_fields}
    assert names and names <= known
