"""Paths in, texts out. What cannot be read is always a problem: what is left out would be pruned."""

import os
import threading
from pathlib import Path

import pytest

from reconciler.sources.texts import LARGEST, Texts, read_texts


def read(*paths: object, confined: bool = False, stdin: bytes = b"") -> Texts:
    return read_texts([str(each) for each in paths], confined=confined, stdin=lambda: stdin)


def names(texts: Texts, root: Path) -> list[str]:
    return [os.path.relpath(text.path, root) for text in texts.texts]


def said(texts: Texts, root: Path) -> list[str]:
    return [f"{os.path.relpath(each.source.path, root)}: {each.message} [{each.rule}]" for each in texts.problems]


def test_a_folder_in_the_order_of_names_without_what_is_hidden_or_of_kustomize(tmp_path):
    for name in ("b.yaml", "a.yml", "sub/c.yaml", "sub/deep/d.yaml", ".hidden.yaml", ".git/e.yaml", "sub/.f/g.yaml",
                 "readme.md", "h.yaml.bak", "i.json", "yaml", "j.csv",
                 "kustomization.yaml", "sub/kustomization.yml"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a: 1")
    texts = read(tmp_path)
    assert names(texts, tmp_path) == ["a.yml", "b.yaml", "sub/c.yaml", "sub/deep/d.yaml"]
    assert (texts.problems, texts.whole) == ((), True)
    assert texts.texts[3].base == str(tmp_path / "sub" / "deep")
    assert texts.roots[str(tmp_path / "sub" / "deep")] == tmp_path


def test_what_is_named_is_read_whatever_its_name(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("a: 1")
    assert names(read(tmp_path / "kustomization.yaml"), tmp_path) == ["kustomization.yaml"]


def test_a_hidden_folder_may_be_named(tmp_path):
    (tmp_path / ".manifests").mkdir()
    (tmp_path / ".manifests" / "a.yaml").write_text("a: 1")
    assert names(read(tmp_path / ".manifests"), tmp_path) == [".manifests/a.yaml"]


def test_files_and_streams(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("any.txt").write_text("a: 1")
    assert names(read("any.txt"), tmp_path) == ["any.txt"]
    assert not read("any.txt").whole
    stream = read("-", stdin="\ufeffä: 1".encode())
    assert (stream.texts[0].path, stream.texts[0].content, stream.texts[0].base) == ("<stdin>", "ä: 1", str(tmp_path))
    assert stream.whole
    assert not read("-", "any.txt").whole


def test_a_stream_is_read_once(tmp_path):
    pieces = iter([b"a: 1", b""])
    texts = read_texts(["-", "-"], confined=False, stdin=lambda: next(pieces))
    assert [text.content for text in texts.texts] == ["a: 1"]


def test_what_is_named_twice_is_read_once(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.yaml").write_text("a: 1")
    (tmp_path / "sub" / "b.yaml").write_text("b: 1")
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    texts = read(tmp_path / "sub", tmp_path, tmp_path / "a.yaml", tmp_path / "sub" / ".." / "a.yaml")
    assert names(texts, tmp_path) == ["sub/b.yaml", "a.yaml"]
    assert texts.origins[str(tmp_path / "a.yaml")] == (str(tmp_path / "a.yaml"),)
    assert set(texts.origins[str(tmp_path)]) == {str(tmp_path / "a.yaml"), str(tmp_path / "sub" / "b.yaml")}


def test_links_in_circles_end(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "x.yaml").write_text("a: 1")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "self").symlink_to(".")
    for confined in (False, True):
        assert names(read(tmp_path / "a", confined=confined), tmp_path) == ["a/x.yaml"]
        assert read(tmp_path / "a", confined=confined).problems == ()


def test_a_link_to_itself(tmp_path):
    (tmp_path / "a.yaml").symlink_to("a.yaml")
    (problem,) = read(tmp_path).problems
    assert (problem.rule, problem.source.path) == ("unreadable-file", str(tmp_path / "a.yaml"))


def test_a_linked_folder_is_read(tmp_path):
    """As a mounted ConfigMap has it, too: visible names that lead into a hidden folder."""
    (tmp_path / "m" / "..data").mkdir(parents=True)
    (tmp_path / "m" / "..data" / "a.yaml").write_text("a: 1")
    (tmp_path / "m" / "a.yaml").symlink_to("..data/a.yaml")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.yaml").write_text("b: 1")
    (tmp_path / "m" / "linked").symlink_to(tmp_path / "elsewhere")
    assert names(read(tmp_path / "m"), tmp_path) == ["m/a.yaml", "m/linked/b.yaml"]
    confined = read(tmp_path / "m", confined=True)
    assert names(confined, tmp_path) == ["m/a.yaml"]
    (problem,) = confined.problems
    assert (problem.rule, problem.source.path) == ("path-outside", str(tmp_path / "m" / "linked"))


@pytest.mark.parametrize("how", ["file", "folder"])
def test_confined_no_link_leads_outside(tmp_path, how):
    (tmp_path / "m").mkdir()
    (tmp_path / "m2").mkdir()
    (tmp_path / "m2" / "secret.yaml").write_text("secret: 1")
    (tmp_path / "m" / "a.yaml").symlink_to("../m2/secret.yaml")
    path = tmp_path / "m" / "a.yaml" if how == "file" else tmp_path / "m"
    confined = read(path, confined=True)
    assert confined.texts == ()
    assert [problem.rule for problem in confined.problems] == ["path-outside"]
    assert names(read(path), tmp_path) == ["m/a.yaml"]


def test_a_root_that_is_a_link_is_where_it_leads_to(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").write_text("a: 1")
    (tmp_path / "link").symlink_to("real")
    assert names(read(tmp_path / "link", confined=True), tmp_path) == ["link/a.yaml"]


def test_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "null.yaml").symlink_to("/dev/null")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "folder.yaml" / "a.yaml").write_text("a: 1")
    found = []
    reading = threading.Thread(target=lambda: found.append(read(tmp_path)), daemon=True)
    reading.start()
    reading.join(10)
    assert not reading.is_alive(), "it waits for somebody to write into the pipe"
    assert names(found[0], tmp_path) == ["folder.yaml/a.yaml"]
    assert said(found[0], tmp_path) == [
        "null.yaml: this is no regular file [unreadable-file]",
        "pipe.yaml: this is no regular file [unreadable-file]",
    ]


def test_what_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(LARGEST + 1)
    assert said(read(tmp_path), tmp_path) == ["large.yaml: this file is over 16 MiB [unreadable-file]"]


def test_what_is_no_text(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"one: 1\ntwo: 2\nthree: \xff\n")
    (problem,) = read(tmp_path).problems
    assert (problem.source.line, problem.message) == (3, "this is not UTF-8 text")
    (tmp_path / "a.yaml").write_bytes("one: 1".encode("utf-16"))
    assert read(tmp_path).problems


def test_what_is_not_there(tmp_path):
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    texts = read(tmp_path / "nothing", tmp_path)
    there = "there is no such file or folder: -f names another one [unreadable-file]"
    assert said(texts, tmp_path) == [f"nothing: {there}", f"dangling.yaml: {there}"]
    assert not texts.whole


def test_names_that_are_no_text(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_text("a: 1")
    assert len(read(tmp_path).texts) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; see tests/cli/test_processes.py")
def test_what_may_not_be_read(tmp_path):
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "a.yaml").write_text("a: 1")
    (tmp_path / "b.yaml").write_text("b: 1")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "b.yaml").chmod(0)
    texts = read(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert sorted(said(texts, tmp_path)) == [
        "b.yaml: this file cannot be read: Permission denied [unreadable-file]",
        "closed: this folder cannot be read: Permission denied [unreadable-file]",
    ]


def test_where_each_path_led(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.yaml").write_text("a: 1")
    texts = read(tmp_path / "empty", tmp_path / "a.yaml", "-", stdin=b"b: 1")
    assert texts.origins == {
        str(tmp_path / "empty"): (),
        str(tmp_path / "a.yaml"): (str(tmp_path / "a.yaml"),),
        "-": ("<stdin>",),
    }
