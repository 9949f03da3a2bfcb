"""What is installed is what was pinned and hashed, is written down, and is held against known vulnerabilities."""

from __future__ import annotations

import json
import re
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import audit, pin, sbom

PYPROJECT = pin.PROJECT.read_text()
REQUIREMENTS = pin.REQUIREMENTS.read_text()


@pytest.fixture(scope="module")
def resolved() -> str:
    return pin.exported()


def test_requirements_are_what_pyproject_pins(resolved: str) -> None:
    assert pin.faults(PYPROJECT, REQUIREMENTS, resolved) == []


def moved(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_a_version_that_moved_on_one_side_alone_is_a_fault(resolved: str) -> None:
    version = next(version for name, version in pin.pins(REQUIREMENTS) if name == "aiohttp")
    old, new = f"aiohttp=={version}", "aiohttp==0.0.1"
    fault = "aiohttp 0.0.1 is not pinned in pyproject.toml"
    assert fault in pin.faults(PYPROJECT, moved(REQUIREMENTS, old, new), resolved)
    fault = f"aiohttp {version} is not pinned in pyproject.toml"
    assert fault in pin.faults(moved(PYPROJECT, old, new), REQUIREMENTS, resolved)


def test_a_package_too_few_or_too_many_is_a_fault(resolved: str) -> None:
    entry = re.search(r"^mdurl==.*(?:\n    .*)+\n", REQUIREMENTS, re.MULTILINE)[0]
    version = re.match(r"mdurl==(\S+)", entry)[1]
    assert pin.faults(PYPROJECT, moved(REQUIREMENTS, entry, ""), resolved) == [f"mdurl {version} is missing"]
    more = entry.replace("mdurl", "six")
    assert any(
        "six" in fault and "by nothing" in fault for fault in pin.faults(PYPROJECT, REQUIREMENTS + more, resolved)
    )


@pytest.mark.parametrize(
    "line",
    [
        "mdurl==0.1.2",
        "mdurl>=0.1 --hash=sha256:" + "0" * 64,
        "mdurl==0.* --hash=sha256:" + "0" * 64,
        "mdurl==0.1.2 --hash=md5:" + "0" * 32,
        "mdurl==0.1.2 --hash=sha256:" + "0" * 63,
        "mdurl @ https://example.org/mdurl.whl --hash=sha256:" + "0" * 64,
        "--index-url https://example.org/simple",
        "-r other.txt",
    ],
)
def test_a_line_that_leaves_open_what_is_installed_is_a_fault(line: str, resolved: str) -> None:
    assert pin.faults(PYPROJECT, f"{REQUIREMENTS}{line}\n", resolved)


def test_a_hash_of_no_file_is_a_fault(resolved: str) -> None:
    some = re.search(r"sha256:[0-9a-f]{64}", REQUIREMENTS)[0]
    forged = "sha256:" + "0" * 64
    (fault,) = pin.faults(PYPROJECT, moved(REQUIREMENTS, some, forged), resolved)
    assert forged in fault


def test_more_files_in_the_registry_are_no_fault(resolved: str) -> None:
    some = re.search(r" \\\n    --hash=sha256:[0-9a-f]{64}", REQUIREMENTS)[0]
    assert pin.faults(PYPROJECT, moved(REQUIREMENTS, some, ""), resolved) == []


def test_a_tampered_package_is_not_installed(tmp_path: Path) -> None:
    entry = re.search(r"^mdurl==.*(?:\n    .*)+\n", REQUIREMENTS, re.MULTILINE)[0]
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(re.sub(r"sha256:.{8}", "sha256:00000000", entry))
    with pytest.raises(CalledProcessError):
        sbom.install(requirements, tmp_path / "environment")
    assert not list((tmp_path / "environment").rglob("mdurl"))


def test_the_bill_of_materials_is_what_requirements_install() -> None:
    text = sbom.bill_of_materials()
    bill = json.loads(text)
    assert sbom.fault(text) is None
    wanted = {
        (canonicalize_name(asked.name), next(iter(asked.specifier)).version)
        for line in REQUIREMENTS.splitlines()
        if (named := re.match(r"\w[^\\]*==[^\\]*", line))
        for asked in [Requirement(named[0])]
        if asked.marker is None or asked.marker.evaluate()
    }
    assert {(canonicalize_name(one["name"]), one["version"]) for one in bill["components"]} == wanted
    assert all(one["licenses"] and one["purl"] for one in bill["components"])
    assert bill["metadata"]["component"]["name"] == "erbij"
    needed = {other for one in bill["dependencies"] for other in one.get("dependsOn", ())}
    assert {one["bom-ref"] for one in bill["components"]} <= needed
    schema = bill.pop("$schema")
    assert "://" not in text.replace(schema, "")
    assert not [path for path in (str(Path.home()), str(pin.ROOT), "/tmp") if path in text]


def test_a_bill_that_is_none_is_refused() -> None:
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library"}]}
    assert "name" in sbom.fault(json.dumps(bill))


def test_nothing_in_the_stored_list_is_installed() -> None:
    assert audit.findings(audit.stored(audit.STORED), audit.installed()) == []


def test_the_stored_list_says_its_day_and_is_about_what_erbij_runs_on() -> None:
    content = json.loads(audit.STORED.read_text())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", content["date"])
    names = {name for name, _ in pin.pins(REQUIREMENTS)}
    for advisory in content["vulns"]:
        (about,) = advisory["affected"]
        assert about["package"]["name"] in names, advisory["id"]
        fixed = [event["fixed"] for span in about["ranges"] for event in span["events"] if "fixed" in event]
        assert not audit.affects(advisory, about["package"]["name"], fixed[-1]), advisory["id"]
    assert len({advisory["id"] for advisory in content["vulns"]}) == len(content["vulns"])


@pytest.mark.parametrize(
    ("name", "version", "ids"),
    [
        ("aiohttp", "3.9.1", {"CVE-2024-23334", "CVE-2024-27306"}),
        ("AIOHTTP", "1.0.4", {"CVE-2024-27306"}),
        ("PyJWT", "2.10.0", {"CVE-2024-53861"}),
        ("urllib3", "1.26.17", {"CVE-2025-66418"}),
        ("urllib3", "2.0.5", {"CVE-2023-43804", "CVE-2025-66418"}),
    ],
)
def test_a_version_that_is_too_old_is_found(name: str, version: str, ids: set[str]) -> None:
    about = {"CVE-2024-23334", "CVE-2024-27306", "CVE-2024-53861", "CVE-2023-43804", "CVE-2025-66418"}
    chosen = [one for one in audit.stored(audit.STORED) if one["id"] in about]
    assert {line.split()[2] for line in audit.findings(chosen, [(name, version)])} == ids


def test_another_list_can_be_brought_along(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = dict(audit.installed())["mdurl"]
    package = {"ecosystem": "PyPI", "name": "mdurl"}
    listed = {"id": "MAL-1", "affected": [{"package": package, "versions": [version]}]}
    last = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": version}]}
    elsewhere = {"package": {"ecosystem": "npm", "name": "mdurl"}, "versions": [version]}
    others = [
        {"id": "A-2", "affected": [{"package": package, "ranges": [last]}]},
        {"id": "A-3", "affected": [elsewhere]},
        {"id": "A-4", "withdrawn": "2026-01-01T00:00:00Z", "affected": listed["affected"]},
    ]
    (tmp_path / "one.json").write_text(json.dumps(listed))
    (tmp_path / "many.json").write_text(json.dumps({"vulns": others}))
    found = audit.findings(audit.stored(tmp_path), audit.installed())
    assert [line.split()[2] for line in found] == ["A-2", "MAL-1"]


def test_an_empty_list_is_no_good_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["audit.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="no advisory"):
        audit.main()
