"""The workflow of GitHub Actions runs what a checkout runs, on the Pythons that the package claims; the forms parse."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
HOOKS = ROOT / ".pre-commit-config.yaml"


def parsed(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    (only,) = parsed(WORKFLOW)["jobs"].values()
    return only


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_pythons_are_those_of_the_package(job, project):
    begin = "Programming Language :: Python :: "
    claimed = [line.removeprefix(begin) for line in project["classifiers"] if line.startswith(begin)]
    tested = job["strategy"]["matrix"]["python"]
    assert tested == claimed
    oldest = min(tested, key=lambda version: tuple(map(int, version.split("."))))
    assert project["requires-python"] == f">={oldest}"


def test_it_runs_what_a_checkout_runs(job):
    commands = [step for step in job["steps"] if "run" in step]
    assert commands[-1]["run"] == "bash .ci/run"
    assert (ROOT / ".ci" / "run").is_file()
    assert re.search(r"^PYTHON \?= ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert commands[-1]["env"] == {"PYTHON": "python"}


def test_packages_are_kept_until_the_tested_set_changes(job):
    (setup,) = (step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/setup-python@"))
    assert setup["cache"] == "pip"
    keys = setup["cache-dependency-path"].split()
    assert keys == ["constraints.txt", "pyproject.toml"]
    assert all((ROOT / key).is_file() for key in keys)


def test_it_may_only_read_and_ends_in_time(job):
    workflow = parsed(WORKFLOW)
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert 0 < job["timeout-minutes"] <= 120
    assert set(workflow[True]) == {"push", "pull_request", "workflow_dispatch"}  # YAML 1.1 reads `on` as true


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_has_what_github_asks_for(form):
    found = parsed(form)
    assert {"name", "description", "body"} <= set(found)
    ids = [part["id"] for part in found["body"]]
    assert len(set(ids)) == len(ids) > 0
    assert all(part["attributes"]["label"] for part in found["body"])


def test_a_bug_report_asks_for_the_spec_and_the_doctor():
    body = {part["id"]: part for part in parsed(ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml")["body"]}
    assert body["spec"]["validations"]["required"] is True
    assert "`hqnn doctor --json`" in body["environment"]["attributes"]["description"]


def test_the_commands_of_the_pull_request_template_are_there():
    text = (ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"`make ([a-z-]+)`", text)
    assert {"check", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}: ", makefile, flags=re.MULTILINE), target


def test_hooks_fetch_nothing():
    repositories = parsed(HOOKS)["repos"]
    assert [row["repo"] for row in repositories] == ["local"]
    assert all(hook["language"] == "system" for hook in repositories[0]["hooks"])
