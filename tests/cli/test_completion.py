"""A shell's completion, asked as the shell asks it."""

import subprocess

import pytest

ASKING = """
source /dev/stdin
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$(complete -p reconcile | sed 's/.*-F \\([^ ]*\\).*/\\1/') reconcile "${COMP_WORDS[COMP_CWORD]}" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["val"], ["validate"]),
        (["sche"], ["schema"]),
        (["--format", "s"], ["sarif"]),
        (["--format", "m"], ["markdown"]),
        (["validate", "--format", "ju"], ["junit"]),
        (["status", "--format", "ma"], []),
        (["--rep"], ["--report", "--replace"]),
        (["--verb"], ["--verbose"]),
        (["schema", "p"], ["plan"]),
    ],
    ids=lambda words: "-".join(words).replace("--", "") or "nothing",
)
def test_bash(reconcile, words, offered):
    script = reconcile("completion", "bash").out
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", ASKING, "bash", "reconcile", *words],
        input=script, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.stderr == ""
    found = ran.stdout.split()
    assert set(found) == set(offered) if words != ["--rep"] else {"--report"} <= set(found) <= set(offered)
