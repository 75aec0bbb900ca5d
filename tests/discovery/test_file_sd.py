"""Files in Prometheus' format: what is understood, and what is refused by name."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from include.discovery import MOST, Answer, file_sd
from include.failures import SourceError
from tests.discovery.lists import SECOND, group, written


def test_json_and_yaml_mean_the_same(tmp_path: Path) -> None:
    written(tmp_path / "a.json", group("one", "two", rack=7, spare=True))
    (tmp_path / "b.yaml").write_text("- targets: [one, two]\n  labels: {rack: 7, spare: true}\n- {targets: []}\n")
    for name in ("a.json", "b.yaml"):
        said = file_sd.read(str(tmp_path / name), SECOND).said
        assert [dict(one.says) for one in said] == [{"address": name, "labels": {"rack": 7, "spare": True}} for name in ("one", "two")]
    assert said[1].place == f"{tmp_path}/b.yaml, group 1, target 2"


def test_a_pattern_is_all_its_files_in_their_order(tmp_path: Path) -> None:
    written(tmp_path / "b.json", group("second"))
    written(tmp_path / "a.json", group("first"))
    (tmp_path / "c.txt").write_text("no list")
    assert [one.says["address"] for one in file_sd.read(f"{tmp_path}/*.json", SECOND).said] == ["first", "second"]


SAYS = "allowed: as in {targets: ['web1:9100'], labels: {environment: dev}}"


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("a.json", b"[{", "Expecting property name enclosed in double quotes: line 1 column 3 (char 2)"),
        ("a.json", b"", "Expecting value: line 1 column 1 (char 0)"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.yaml", b"[" * 500_000, "line 1, column 101: nested too deeply; allowed: 100 levels"),
        ("a.yaml", b"".join(b" " * n + b"a:\n" for n in range(1000)), "line 101, column 101: nested too deeply"),
        ("a.json", b"\xff\xfe\xfd", "not UTF-8 at byte 0; allowed: text in UTF-8"),
        ("a.json", b"{}", f"not a list of groups; {SAYS} for each, or [] where there is none (found: {{}})"),
        ("a.yaml", b"", f"not a list of groups; {SAYS} for each, or [] where there is none (found: nothing)"),
        ("a.yaml", b"- targets: [a", "line 2, column 1: while parsing a flow sequence, did not find expected ',' or ']'"),
        ("a.yaml", b"- !!python/object/apply:os.system ['true']", "line 1, column 3: could not determine a constructor"),
        ("a.yaml", b"- [a]", f"group 1: no group of targets; {SAYS} (found: ['a'])"),
        ("a.yaml", b"- {targets: [a]}\n- {targets: b}", f"group 2: no group of targets; {SAYS} (found: {{'targets': 'b'}})"),
        ("a.yaml", b"- {targets: [a], label: {b: c}}", f"group 1: 'label' is not known; {SAYS}"),
        (
            "a.yaml",
            b"- {targets: [a], labels: [b]}",
            f"group 1: no group of targets; {SAYS} (found: {{'targets': ['a'], 'labels': ['b']}})",
        ),
    ],
)
def test_a_file_that_cannot_be_understood_is_not_believed_at_all(tmp_path: Path, name: str, content: bytes, answer: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: {answer}")


def refusal(path: Path) -> str:
    """Why this one file is not believed."""
    told = file_sd.read(str(path), SECOND)
    assert (told.said, told.broken.keys()) == ([], {str(path)})
    return told.broken[str(path)]


def test_no_file_is_not_the_same_as_no_target(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"\*\.json: there is no such file"):
        file_sd.read(f"{tmp_path}/*.json", SECOND)
    (tmp_path / "folder.json").mkdir()
    assert "folder.json: cannot be read: Is a directory" in refusal(tmp_path / "folder.json")
    written(tmp_path / "none.yaml")
    assert file_sd.read(f"{tmp_path}/*.yaml", SECOND) == Answer([])


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b" " * (file_sd.MOST_BYTES + 1))
    assert "too long; allowed: 4 MiB" in refusal(tmp_path / "a.json")


def test_more_targets_than_are_watched_are_not_read_to_their_end(tmp_path: Path) -> None:
    """Aliases make a short file endless."""
    text = "- &a {targets: [" + "x, " * 5000 + "x]}\n" + "- *a\n" * 100_000
    (tmp_path / "a.yaml").write_text(text)
    assert len(file_sd.read(f"{tmp_path}/a.yaml", timedelta(seconds=20)).said) == MOST + 1


def test_what_cannot_be_kept_is_spelled(tmp_path: Path) -> None:
    text = "- targets: [!!binary eA==, 1.5, [a]]\n  labels: &l {itself: *l, '1': 2, when: !!float .nan}\n"
    (tmp_path / "a.yaml").write_text(text)
    said = file_sd.read(f"{tmp_path}/a.yaml", SECOND).said
    assert json.dumps([dict(one.says) for one in said])
    assert [one.says["address"] for one in said] == [["b'x'"], "1.5", ["['a']"]]
    assert said[0].says["labels"]["when"] == "nan"
