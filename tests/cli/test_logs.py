"""Log lines in, on standard error out: plain ones for ``listen``, structured ones for the daemon. In processes of their
own, for it is the logging of the whole process that is set up."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
import textwrap
from typing import Any

import pytest

SLY = "teams\x1b[2K\x7f\x9b2K\u202egnp.exe\u2066\u2028\nü"

PRELUDE = """
import asyncio, logging, structlog, sys, warnings
from structlog.contextvars import bind_contextvars, bound_contextvars
from reconciler.cli.logs import log_on_own_thread, log_structured
from tests.cli.test_logs import SLY
log = logging.getLogger("reconciler.here")
"""


def logged(form: str, script: str, **level: str) -> str:
    setting = f"log_structured({form!r}, **{level!r})\n"
    return ran(PRELUDE + setting + textwrap.dedent(script)).stderr


def ran(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)


def lines(script: str, **level: str) -> list[dict[str, Any]]:
    text = logged("json", script, **level)
    assert text.isascii()
    found = [json.loads(line) for line in text.splitlines()]
    for each in found:
        written = dt.datetime.fromisoformat(each.pop("time"))
        assert abs(dt.datetime.now(dt.UTC) - written) < dt.timedelta(minutes=5)
    return found


class TestJson:
    def test_loggers_of_both_kinds_with_what_is_bound_and_what_is_extra(self):
        found = lines("""
            bind_contextvars(pass_id="p1", tenant="contoso")
            log.warning("%s failed", "create", extra={"request_id": "r1"})
            structlog.get_logger("reconciler.there").info("created", subscription="all-teams")
        """)
        bound = {"pass_id": "p1", "tenant": "contoso"}
        first = {"level": "warning", "logger": "reconciler.here", "message": "create failed", "request_id": "r1"}
        second = {"level": "info", "logger": "reconciler.there", "message": "created", "subscription": "all-teams"}
        assert found == [first | bound, second | bound]

    def test_what_comes_first_and_how_a_time_is_written(self):
        line = logged("json", """bind_contextvars(a=1); log.info("x", extra={"b": 2})""")
        assert re.match(r'\{"time": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "level": ', line)
        assert list(json.loads(line))[:4] == ["time", "level", "logger", "message"]

    def test_what_is_bound_is_that_of_the_task_that_logs(self):
        found = lines("""
            async def one(number):
                with bound_contextvars(pass_id=number):
                    await asyncio.sleep(0)
                    log.info("in a task")
                    await asyncio.to_thread(log.info, "on a thread")

            async def main():
                await asyncio.gather(one(1), one(2))
                log.info("outside")

            asyncio.run(main())
        """)
        assert sorted((each["message"], each.get("pass_id")) for each in found) == [
            ("in a task", 1),
            ("in a task", 2),
            ("on a thread", 1),
            ("on a thread", 2),
            ("outside", None),
        ]

    @pytest.mark.parametrize("logger", ["log", 'structlog.get_logger("reconciler.here")'])
    def test_an_exception_is_text_in_one_field_without_the_values_of_variables(self, logger):
        (found,) = lines(f"""
            def broken():
                secret = "hunter" + "2"
                raise ValueError(SLY)
            try:
                broken()
            except ValueError:
                {logger}.exception("it broke")
        """)
        assert (found["level"], found["message"]) == ("error", "it broke")
        assert found["exception"].startswith("Traceback (most recent call last):\n")
        assert found["exception"].endswith(f"ValueError: {SLY}")
        assert "hunter2" not in found["exception"]
        assert set(found) == {"level", "logger", "message", "exception"}

    def test_what_strangers_wrote_is_ascii(self):
        (found,) = lines("""log.warning(SLY, extra={"resource": SLY, "half": "\\ud800"})""")
        assert (found["message"], found["resource"], found["half"]) == (SLY, SLY, "\ud800")

    def test_no_control_character_comes_through(self):
        text = logged("json", """log.warning(SLY)""").removesuffix("\n")
        assert text.isprintable()

    def test_what_is_called_as_secrets_are_is_hidden(self):
        (found,) = lines("""log.info("x", extra={"client_state": "s1", "Authorization": "s2", "token": "s3"})""")
        assert [found[key] for key in ("client_state", "Authorization", "token")] == ["hidden"] * 3

    def test_warnings_are_lines_too(self):
        (found,) = lines("""warnings.warn("old")""")
        assert (found["level"], found["logger"]) == ("warning", "py.warnings")
        assert "UserWarning: old" in found["message"]

    def test_what_json_does_not_have_is_shown_all_the_same(self):
        (found,) = lines("""log.info("x", extra={"kinds": {"a"}})""")
        assert found["kinds"] == "{'a'}"


@pytest.mark.parametrize(
    "logger",
    ["apscheduler.scheduler", "httpcore", "httpx", "msal.token", "urllib3", "uvicorn.error", "watchfiles.main"],
)
def test_libraries_say_only_what_is_wrong(logger):
    script = f"""
        logging.getLogger({logger!r}).info("chatter")
        logging.getLogger({logger!r}).warning("trouble")
    """
    assert [each["message"] for each in lines(script, level="DEBUG")] == ["trouble"]


def test_libraries_say_less_than_that_where_less_is_wanted():
    assert lines("""logging.getLogger("httpx").warning("trouble")""", level="ERROR") == []


@pytest.mark.parametrize(
    ("level", "expected"), [("DEBUG", ["debug", "info", "error"]), ("INFO", ["info", "error"]), ("ERROR", ["error"])]
)
def test_levels(level, expected):
    script = """
        for each in ("debug", "info", "error"):
            getattr(log, each)(each)
    """
    assert [each["message"] for each in lines(script, level=level)] == expected


class TestConsole:
    def test_a_line_for_people(self):
        text = logged("console", """bind_contextvars(pass_id="p1"); log.info("created", extra={"request_id": None})""")
        assert re.fullmatch(r"\S+Z \[info +\] created +\[reconciler\.here\] pass_id=p1 request_id=None\n", text)

    def test_what_strangers_wrote_neither_commands_the_terminal_nor_passes_for_a_line(self):
        text = logged(
            "console",
            """
            log.warning(SLY, extra={"resource": SLY, "list": [SLY]})
            try:
                raise ValueError(SLY)
            except ValueError:
                log.exception("it broke")
        """,
        )
        first, second, *traceback = text.splitlines()
        assert "\\u001b[2K" in first
        assert "it broke" in second
        assert traceback
        assert all(line.startswith("    ") for line in traceback)
        assert all(line.isprintable() for line in (first, second, *traceback))

    def test_a_traceback_shows_no_values_of_variables(self):
        text = logged(
            "console",
            """
            secret = "hunter" + "2"
            try:
                raise ValueError
            except ValueError:
                structlog.get_logger("there").exception("it broke")
        """,
        )
        assert "ValueError" in text
        assert "hunter2" not in text


HELD = """
import threading
for number in range(3_000):
    log.warning("%s %s", number, "x" * 1_000)
print("done", flush=True)
"""


@pytest.mark.parametrize("setting", ['log_structured("json")', "log_on_own_thread()"])
def test_whoever_reads_them_may_be_held(setting):
    """The pipe takes 64 KiB, and the queue a third of the lines."""
    read, write = os.pipe()
    try:
        command = [sys.executable, "-c", f"{PRELUDE}\n{setting}\n{HELD}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=write, text=True) as process:
            assert process.stdout is not None
            assert process.communicate(timeout=60)[0] == "done\n"
            assert process.returncode == 0
    finally:
        os.close(write)
        os.close(read)


def test_what_is_logged_last_is_written():
    found = lines("""
        for number in range(500):
            log.info("%s", number)
    """)
    assert [each["message"] for each in found] == list(map(str, range(500)))


def test_listen_keeps_its_form_and_needs_no_structlog():
    script = """
import sys
sys.modules["structlog"] = None
import logging
from reconciler.cli.logs import log_on_own_thread
log_on_own_thread()
logging.getLogger("there").warning("%s there", "hello")
logging.getLogger("there").info("unseen")
"""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING .*hello there\n", ran(script).stderr)
