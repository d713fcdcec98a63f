"""The files and secrets that manifests refer to."""

import os
from pathlib import Path

import pytest

from reconciler.core.errors import SecretError
from reconciler.core.manifest.fields import SecretReference
from reconciler.core.wanted import SetFile
from reconciler.sources.referenced import LARGEST, LARGEST_SET, Referenced


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    (folder / "sub").mkdir(parents=True)
    (folder / "secret").write_bytes(b"inside\n")
    (folder / "sub" / "secret").write_bytes(b"below")
    (tmp_path / "secret").write_bytes(b"outside")
    (tmp_path / "manifests-of-others").mkdir()
    (tmp_path / "manifests-of-others" / "secret").write_bytes(b"others")
    return folder


def referenced(inside: Path, *, confined: bool, environ=None) -> Referenced:
    roots = {str(inside): inside, str(inside / "sub"): inside}
    return Referenced(roots, confined, environ or {})


@pytest.mark.parametrize("path", ["secret", "./secret", "sub/../secret", "sub/secret"])
def test_inside(inside, path):
    for confined in (True, False):
        assert isinstance(referenced(inside, confined=confined).file(path, str(inside)), bytes)


def test_up_within_the_root(inside):
    assert referenced(inside, confined=True).file("../secret", str(inside / "sub")) == b"inside\n"


@pytest.mark.parametrize("path", ["../secret", "sub/../../secret", "../manifests-of-others/secret", "ABSOLUTE", "link"])
def test_outside(inside, path):
    (inside / "link").symlink_to("../secret")
    path = str(inside.parent / "secret") if path == "ABSOLUTE" else path
    said = referenced(inside, confined=True).file(path, str(inside))
    assert said == f"the file {path} lies outside of the manifests' folder, a dry run does not read it"
    assert isinstance(referenced(inside, confined=False).file(path, str(inside)), bytes)


@pytest.mark.parametrize("confined", [True, False])
@pytest.mark.parametrize("path", ["../nothing", "/nothing", "\0", "/proc/self/environ", "x" * 300])
def test_confined_it_does_not_tell_what_is_there(inside, path, confined):
    assert isinstance(referenced(inside, confined=True).file(path, str(inside)), str)
    if path != "/proc/self/environ":
        assert "cannot be read" in str(referenced(inside, confined=confined).file(path, str(inside)))


def test_what_is_no_regular_file(inside):
    os.mkfifo(inside / "pipe")
    for path in ("pipe", "sub"):
        said = referenced(inside, confined=True).file(path, str(inside))
        assert said == f"the file {path} is no regular file, or over 1 MiB"


@pytest.mark.parametrize(("size", "taken"), [(LARGEST + 1, True), (LARGEST_SET + 1, False)])
def test_rows_of_a_set_may_be_more(inside, size, taken):
    with (inside / "large.csv").open("wb") as file:
        file.truncate(size)
    (content,) = referenced(inside, confined=True).sets([SetFile("large.csv", str(inside))]).values()
    assert isinstance(content, bytes) is taken
    assert taken or "over 64 MiB" in str(content)


def test_what_is_too_large(inside):
    with (inside / "large").open("wb") as file:
        file.truncate(LARGEST + 1)
    assert "over 1 MiB" in str(referenced(inside, confined=False).file("large", str(inside)))


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"a", b"a"), (b"a\n", b"a"), (b"a\r\n", b"a"), (b"a\n\n", b"a\n"), (b" a ", b" a "), (b"\xff\x00", b"\xff\x00")],
)
def test_one_newline_of_a_secret_is_cut(inside, content, secret):
    (inside / "s").write_bytes(content)
    assert referenced(inside, confined=True).secret(SecretReference(file="s"), str(inside)) == secret


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n"])
def test_an_empty_secret_is_none(inside, content):
    (inside / "s").write_bytes(content)
    with pytest.raises(SecretError, match="the file s is empty"):
        referenced(inside, confined=True).secret(SecretReference(file="s"), str(inside))


def test_secrets_of_the_environment(inside):
    environ = {"GOOD": "a\n", "EMPTY": "", "BYTES": os.fsdecode(b"\xff")}
    found = referenced(inside, confined=True, environ=environ)
    assert found.secret(SecretReference(env="GOOD"), str(inside)) == b"a\n"
    assert found.secret(SecretReference(env="BYTES"), str(inside)) == b"\xff"
    for name in ("EMPTY", "LACKING"):
        with pytest.raises(SecretError, match=f"the environment variable {name} is not set"):
            found.secret(SecretReference(env=name), str(inside))


def test_no_secret_in_an_error(inside):
    with pytest.raises(SecretError) as raised:
        referenced(inside, confined=True).secret(SecretReference(file="../secret"), str(inside))
    assert "outside" in str(raised.value)
    assert "inside" not in str(raised.value).replace("outside", "")
