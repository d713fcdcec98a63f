"""Paths in; a fingerprint, and the folders to watch, out."""

import os
from pathlib import Path

import pytest

from reconciler.sources.fingerprint import Seen, look


def tree(root: Path) -> Path:
    for name in ("a.yaml", "sub/b.yml", "readme.md", ".hidden/c.yaml"):
        (root / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "tree" / name).write_text("a: 1")
    return root / "tree"


def seen(*paths: Path, files: tuple[Path, ...] = ()) -> Seen:
    return look(paths, files)


def touch_in_the_past(path: Path) -> None:
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: (root / "a.yaml").write_text("a: 22"), id="size"),
        pytest.param(lambda root: touch_in_the_past(root / "a.yaml"), id="mtime"),
        pytest.param(lambda root: (root / "a.yaml").chmod(0o600), id="permissions"),
        pytest.param(lambda root: (root / "a.yaml").unlink(), id="removed"),
        pytest.param(lambda root: (root / "sub" / "new.yaml").touch(), id="added"),
        pytest.param(lambda root: (root / "sub" / "teams.csv").touch(), id="rows-of-a-set"),
        pytest.param(lambda root: (root / "v1.0").mkdir(), id="folder"),
        pytest.param(lambda root: (root / "c.yaml").symlink_to("nothing"), id="link-to-nothing"),
        pytest.param(lambda root: (root / "circle.yaml").symlink_to("circle.yaml"), id="link-to-itself"),
        pytest.param(lambda root: root.rename(root.with_name("other")), id="renamed"),
    ],
)
def test_what_changes_the_fingerprint(tmp_path, change):
    root = tree(tmp_path)
    before = seen(root)
    assert seen(root) == before
    change(root)
    assert seen(root).fingerprint != before.fingerprint


@pytest.mark.parametrize("name", ["readme.md", ".hidden/c.yaml", ".new.yaml", "notes.txt"])
def test_what_is_no_manifest_does_not(tmp_path, name):
    root = tree(tmp_path)
    before = seen(root)
    (root / name).write_text("something else")
    assert seen(root) == before


def test_another_inode_with_the_same_content(tmp_path):
    root = tree(tmp_path)
    before = seen(root)
    status = (root / "a.yaml").stat()
    (root / "new").write_text("a: 1")
    os.utime(root / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    (root / "new").replace(root / "a.yaml")
    assert seen(root) != before


def test_a_mount_of_kubernetes_by_its_links(tmp_path):
    for name in ("..2026_01", "..2026_02"):
        (tmp_path / "mount" / name).mkdir(parents=True)
        (tmp_path / "mount" / name / "a.yaml").write_text("a: 1")
    (tmp_path / "mount" / "..data").symlink_to("..2026_01")
    (tmp_path / "mount" / "a.yaml").symlink_to("..data/a.yaml")
    before = seen(tmp_path / "mount")
    assert before.folders == {str(tmp_path), str(tmp_path / "mount"), str(tmp_path / "mount" / "..2026_01")}
    (tmp_path / "mount" / "..data_tmp").symlink_to("..2026_02")
    (tmp_path / "mount" / "..data_tmp").replace(tmp_path / "mount" / "..data")
    after = seen(tmp_path / "mount")
    assert after.fingerprint != before.fingerprint
    assert str(tmp_path / "mount" / "..2026_02") in after.folders


def test_every_link_on_the_way_is_watched_where_it_stands(tmp_path):
    (tmp_path / "releases" / "1" / "tree").mkdir(parents=True)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "current").symlink_to("../releases/1")
    path = seen(tmp_path / "links" / "current" / "tree")
    assert path.trees == {str(tmp_path / "releases" / "1" / "tree")}
    assert path.folders == path.trees | {str(tmp_path / "links"), str(tmp_path / "releases" / "1")}
    assert path.concerns(str(tmp_path / "links" / "current"))
    assert not path.concerns(str(tmp_path / "links" / "other"))


def test_folders_in_circles_are_entered_once(tmp_path):
    root = tree(tmp_path)
    (root / "sub" / "up").symlink_to("..")
    assert seen(root).trees == {str(root), str(root / "sub")}


def test_what_is_missing_is_waited_for_where_its_way_ends(tmp_path):
    path = seen(tmp_path / "not" / "yet", files=(tmp_path / "file.pem",))
    assert not path.trees
    assert path.folders == {str(tmp_path)}
    assert path.concerns(str(tmp_path / "not"))
    assert path.concerns(str(tmp_path / "file.pem"))
    (tmp_path / "not").write_text("a file on the way")
    assert seen(tmp_path / "not" / "yet").concerns(str(tmp_path / "not" / "yet"))


def test_a_file_that_is_referred_to(tmp_path):
    (tmp_path / "tls.key").write_text("one")
    before = seen(files=(tmp_path / "tls.key",))
    assert before.folders == {str(tmp_path)}
    (tmp_path / "tls.key").write_text("another")
    assert seen(files=(tmp_path / "tls.key",)) != before


@pytest.mark.parametrize(
    ("name", "concerned"),
    [
        ("a.yaml", True),
        ("gone.yml", True),
        ("sub", True),
        ("..data", True),
        (".a.yaml.swp", True),
        ("v1.0", True),
        ("readme.md", False),
        ("reconcile.sqlite3-wal", False),
        ("../neighbour.yaml", False),
        ("../tree", True),
    ],
)
def test_which_events_concern_it(tmp_path, name, concerned):
    root = tree(tmp_path)
    known = seen(root)
    (root / "v1.0").mkdir()
    assert known.concerns(os.path.normpath(root / name)) is concerned


def test_a_folder_that_may_not_be_read_is_not_watched(tmp_path, monkeypatch):
    root = tree(tmp_path)
    known = seen(root)
    # The tests may run as root, who may read everything.
    monkeypatch.setattr(os, "access", lambda path, _: path != str(tmp_path))
    assert known.folders == {str(root), str(root / "sub")}
