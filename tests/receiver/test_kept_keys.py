"""Private keys that were in use are kept for 7 days, for their owner alone, whatever else lies in their folder."""

import contextlib
import dataclasses
import datetime as dt
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.source import Problem, Severity, Source
from reconciler.receiver.kept_keys import KeptKeys, merged
from reconciler.receiver.private_keys import KeyPairFiles, read_private_keys
from tests.support.key_pairs import Pair, pair

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
WEEK = dt.timedelta(days=7)
FIRST, SECOND_PAIR, THIRD = pair("first"), pair("second"), pair("third", days=-5)


def files(made: Pair, **changes) -> KeyPairFiles:
    return dataclasses.replace(KeyPairFiles(Source("m.yaml", 8, 17), made.pem, made.key_pem), **changes)


@pytest.fixture
def kept(tmp_path: Path) -> KeptKeys:
    return KeptKeys(tmp_path / "state" / "keys")


def path_of(kept: KeptKeys, made: Pair) -> Path:
    return kept.folder / f"{made.thumbprint}.pem"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(kept: KeptKeys) -> list[str]:
    return sorted(path.name for path in kept.folder.iterdir())


def loaded(kept: KeptKeys, now: dt.datetime = NOW) -> list[str]:
    found, problems = kept.load(now=now)
    assert problems == ()
    return [each.thumbprint for each in found]


def test_what_is_current_is_kept_with_its_key(kept):
    assert kept.keep([files(FIRST), files(THIRD)], now=NOW) == ()
    found, problems = kept.load(now=NOW + SECOND)
    assert problems == ()
    assert {each.thumbprint for each in found} == {FIRST.thumbprint, THIRD.thumbprint}, "expired or not"
    (first,) = [each for each in found if each.thumbprint == FIRST.thumbprint]
    assert first.private_key.private_numbers() == FIRST.key.private_numbers()
    assert (first.certificate, first.current_at) == (FIRST.pem, NOW)


def test_for_the_owner_alone(kept):
    before = os.umask(0)
    try:
        kept.keep([files(FIRST)], now=NOW)
    finally:
        os.umask(before)
    assert (mode(kept.folder), mode(path_of(kept, FIRST))) == (0o700, 0o600)
    assert names(kept) == [f"{FIRST.thumbprint}.pem"]


def test_what_others_may_read_is_closed_again(kept):
    """As Kubernetes opens what lies in a volume, for ``fsGroup``."""
    kept.keep([files(FIRST)], now=NOW)
    kept.folder.chmod(0o2770)
    path_of(kept, FIRST).chmod(0o660)
    assert kept.keep([files(FIRST)], now=NOW) == ()
    assert (mode(kept.folder), mode(path_of(kept, FIRST))) == (0o700, 0o600)


def test_nothing_of_a_key_in_a_repr(kept):
    kept.keep([files(FIRST)], now=NOW)
    shown = repr(kept.load(now=NOW)) + repr(kept)
    assert "PRIVATE" not in shown
    assert "RSAPrivateKey" not in shown


class TestHowLong:
    def test_seven_days_since_it_was_last_current(self, kept):
        kept.keep([files(FIRST)], now=NOW)
        assert loaded(kept, NOW + WEEK) == [FIRST.thumbprint]
        assert loaded(kept, NOW + WEEK + SECOND) == []

    def test_what_is_still_current_is_renewed_without_being_written(self, kept):
        kept.keep([files(FIRST), files(SECOND_PAIR)], now=NOW)
        before = path_of(kept, FIRST).stat().st_ino
        kept.keep([files(FIRST)], now=NOW + WEEK)
        assert path_of(kept, FIRST).stat().st_ino == before
        assert loaded(kept, NOW + WEEK + SECOND) == [FIRST.thumbprint]

    def test_what_is_older_is_removed_and_nothing_else(self, kept):
        kept.keep([files(FIRST)], now=NOW)
        kept.keep([files(SECOND_PAIR)], now=NOW + SECOND)
        assert kept.expire(now=NOW + WEEK) == ()
        assert len(names(kept)) == 2
        assert kept.expire(now=NOW + WEEK + SECOND) == ()
        assert names(kept) == [f"{SECOND_PAIR.thumbprint}.pem"]

    def test_what_a_killed_process_left_goes_with_it(self, kept):
        kept.keep([files(FIRST)], now=NOW)
        unfinished = kept.folder / f".{FIRST.thumbprint}.pem.x1y2.new"
        unfinished.write_bytes(FIRST.key_pem[:100])
        os.utime(unfinished, (NOW.timestamp(),) * 2)
        assert loaded(kept) == [FIRST.thumbprint]
        assert kept.expire(now=NOW + WEEK) == ()
        assert unfinished.exists()
        assert kept.expire(now=NOW + WEEK + SECOND) == ()
        assert names(kept) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"previous": True}, id="previous"),
        pytest.param({"private_key": SECOND_PAIR.key_pem}, id="another's-key"),
        pytest.param({"private_key": "the file rich.key cannot be read: Permission denied"}, id="no-key"),
        pytest.param({"certificate": b""}, id="no-certificate"),
    ],
)
def test_what_is_not_in_use_or_opens_nothing_is_not_kept(kept, changes):
    assert kept.keep([files(FIRST, **changes), files(SECOND_PAIR)], now=NOW) == ()
    assert names(kept) == [f"{SECOND_PAIR.thumbprint}.pem"]


class TestInPlace:
    def test_the_old_key_opens_until_the_week_is_over(self, kept):
        """As cert-manager does it, while no process was running."""
        kept.keep([files(FIRST)], now=NOW)
        later = NOW + dt.timedelta(days=3)
        current, problems = read_private_keys([files(SECOND_PAIR)])
        assert problems == ()
        kept.keep([files(SECOND_PAIR)], now=later)
        both = merged(current, kept.load(now=later)[0])
        assert set(both.by_thumbprint) == {FIRST.thumbprint, SECOND_PAIR.thumbprint}
        alone = merged(current, kept.load(now=NOW + WEEK + SECOND)[0])
        assert set(alone.by_thumbprint) == {SECOND_PAIR.thumbprint}

    def test_of_one_thumbprint_that_of_the_manifests_is_taken(self, kept):
        kept.keep([files(FIRST)], now=NOW)
        current, _ = read_private_keys([files(FIRST)])
        current = dataclasses.replace(current, elsewhere=frozenset({"A" * 40}))
        both = merged(current, kept.load(now=NOW)[0])
        assert both.by_thumbprint[FIRST.thumbprint] is current.by_thumbprint[FIRST.thumbprint]
        assert both.elsewhere == {"A" * 40}


def damaged(content: bytes) -> dict[str, bytes]:
    key, _, rest = content.partition(b"-----BEGIN CERTIFICATE-----")
    return {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "no-key": b"-----BEGIN CERTIFICATE-----" + rest,
        "no-certificate": key,
        "huge": content + b"\n" * 70_000,
        "another's": SECOND_PAIR.key_pem + SECOND_PAIR.pem,
        "another's-key": SECOND_PAIR.key_pem + FIRST.pem,
        "bytes": os.urandom(500),
    }


WHOLE = FIRST.key_pem + FIRST.pem


def complaint(kept: KeptKeys, path: Path) -> Problem:
    """Of one file alone; the others are loaded, and nobody removes it."""
    found, (problem,) = kept.load(now=NOW)
    assert [each.thumbprint for each in found] == [THIRD.thumbprint]
    assert (problem.source, problem.rule) == (Source(str(path)), "private-key-unusable")
    assert problem.severity is Severity.WARNING
    assert kept.expire(now=NOW + WEEK + WEEK) == ()
    assert os.path.lexists(path)
    return problem


class TestOthersFiles:
    @pytest.mark.parametrize("fault", damaged(WHOLE))
    def test_a_damaged_copy_is_warned_of_and_stays(self, kept, fault):
        kept.keep([files(FIRST), files(THIRD)], now=NOW)
        path = path_of(kept, FIRST)
        content = damaged(WHOLE)[fault]
        path.write_bytes(content)
        os.utime(path, (NOW.timestamp(),) * 2)
        assert "PRIVATE KEY-" not in complaint(kept, path).message
        assert path.read_bytes() == content

    def test_while_its_key_is_current_a_damaged_copy_is_made_anew(self, kept):
        kept.keep([files(FIRST)], now=NOW)
        path_of(kept, FIRST).write_bytes(WHOLE[:200])
        assert kept.keep([files(FIRST)], now=NOW) == ()
        assert path_of(kept, FIRST).read_bytes() == WHOLE
        assert loaded(kept) == [FIRST.thumbprint]

    @pytest.mark.parametrize(
        "name",
        ["notes.txt", f"{FIRST.thumbprint.lower()}.pem", f"{FIRST.thumbprint}.key"],
        ids=["notes", "lower-case", "key"],
    )
    def test_a_foreign_file_is_warned_of_and_stays(self, kept, name):
        kept.keep([files(THIRD)], now=NOW)
        path = kept.folder / name
        path.write_bytes(WHOLE)
        os.utime(path, (NOW.timestamp(),) * 2)
        assert complaint(kept, path).message.startswith("its name is not that of a private key that was kept here")

    def test_a_hidden_file_is_nobody_s_business(self, kept):
        kept.keep([files(THIRD)], now=NOW)
        (kept.folder / ".keep").write_bytes(b"")
        assert loaded(kept) == [THIRD.thumbprint]

    @pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
    def test_what_is_no_file_is_not_followed_and_not_waited_for(self, kept, tmp_path, kind):
        kept.keep([files(THIRD)], now=NOW)
        path, elsewhere = path_of(kept, FIRST), tmp_path / "elsewhere"
        elsewhere.write_bytes(WHOLE)
        make = {"folder": path.mkdir, "link": lambda: path.symlink_to(elsewhere), "pipe": lambda: os.mkfifo(path)}
        make[kind]()
        complaint(kept, path)
        assert elsewhere.read_bytes() == WHOLE

    def test_a_link_in_place_of_a_copy_is_replaced_not_written_through(self, kept, tmp_path):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(b"theirs")
        kept.folder.mkdir(parents=True)
        path_of(kept, FIRST).symlink_to(elsewhere)
        assert kept.keep([files(FIRST)], now=NOW) == ()
        assert elsewhere.read_bytes() == b"theirs"
        assert loaded(kept) == [FIRST.thumbprint]


@contextlib.contextmanager
def no_space() -> Iterator[None]:
    """Nobody writes a file of more than 1,000 bytes in this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestWhereItCannotBeWritten:
    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "state").write_text("a file")
        kept = KeptKeys(tmp_path / "state" / "keys")
        (problem,) = kept.keep([files(FIRST)], now=NOW)
        assert str(problem) == (
            f"{kept.folder}:1:1: warning: private keys cannot be kept here: Not a directory: when a certificate's file"
            " changes in place, what Graph still encrypts for the old one stays closed; let this process write here"
            " [kept-keys]"
        )
        (problem,) = kept.load(now=NOW)[1]
        assert str(problem) == (
            f"{kept.folder}:1:1: warning: the private keys that were kept here cannot be read: Not a directory:"
            " check its permissions [kept-keys]"
        )
        assert kept.expire(now=NOW) == (problem,)

    def test_a_full_disk_leaves_nothing_half_written(self, kept):
        kept.keep([files(FIRST)], now=NOW)
        with no_space():
            (problem,) = kept.keep([files(SECOND_PAIR), files(THIRD)], now=NOW)
        assert problem.rule == "kept-keys"
        assert "private keys cannot be kept here: File too large: " in problem.message
        assert names(kept) == [f"{FIRST.thumbprint}.pem"]

    def test_on_a_full_disk_what_is_kept_is_still_renewed(self, kept):
        kept.keep([files(FIRST)], now=NOW)
        with no_space():
            assert kept.keep([files(FIRST)], now=NOW + WEEK) == ()
        assert loaded(kept, NOW + WEEK + WEEK) == [FIRST.thumbprint]

    def test_one_that_is_in_the_way_keeps_no_other_from_being_kept(self, kept):
        path_of(kept, FIRST).mkdir(parents=True)
        (problem,) = kept.keep([files(FIRST), files(SECOND_PAIR)], now=NOW)
        assert "Is a directory" in problem.message
        assert names(kept) == sorted(f"{made.thumbprint}.pem" for made in (FIRST, SECOND_PAIR))

    def test_without_a_folder_nothing_is_kept_and_nothing_wrong(self, kept):
        assert kept.load(now=NOW) == ((), ())
        assert kept.expire(now=NOW) == ()
        assert not kept.folder.exists()


PROCESS = """
import contextlib, datetime as dt, sys
from pathlib import Path
from reconciler.core.source import Source
from reconciler.receiver.kept_keys import KeptKeys
from reconciler.receiver.private_keys import KeyPairFiles

now = dt.datetime.fromisoformat(sys.argv[1])
kept = KeptKeys(Path(sys.argv[2]))
pairs = [KeyPairFiles(Source("m"), Path(f"{each}.pem").read_bytes(), Path(f"{each}.key").read_bytes())
         for each in sys.argv[3:]]
for _ in range(6):
    for path in kept.folder.glob("[!.]*.pem"):
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o640)  # so that it is written anew
    problems = [*kept.keep(pairs, now=now), *kept.load(now=now)[1], *kept.expire(now=now)]
    assert not problems, problems
    assert len(kept.load(now=now)[0]) == len(pairs)
"""


def test_several_processes_share_a_folder(kept, tmp_path):
    """Each makes the copies anew while the others read them, and removes what is old."""
    for number, made in enumerate((FIRST, SECOND_PAIR)):
        (tmp_path / f"{number}.pem").write_bytes(made.pem)
        (tmp_path / f"{number}.key").write_bytes(made.key_pem)
    kept.keep([files(THIRD)], now=NOW - WEEK - SECOND)
    pairs = [str(tmp_path / "0"), str(tmp_path / "1")]
    command = [sys.executable, "-c", PROCESS, NOW.isoformat(), str(kept.folder), *pairs]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    assert loaded(kept) == sorted((FIRST.thumbprint, SECOND_PAIR.thumbprint))
    assert len(names(kept)) == 2
