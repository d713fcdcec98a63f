"""The commands that only read: catalog, schema, completion, version, help; and what the parts say of themselves."""

import json
import subprocess
import sys

import jsonschema
import pytest
import yaml

from reconciler import __version__
from tests.cli.support import EXAMPLE, endpoint, settings, subscription, tenant

COMMANDS = [
    "validate",
    "schema",
    "catalog",
    "status",
    "gaps",
    "certificates",
    "doctor",
    "completion",
    "listen",
    "daemon",
    "rotate",
    "emulator",
    "demo",
]


@pytest.fixture
def validator(reconcile):
    schema = reconcile("schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_example_fits_the_schema(validator):
    documents = [each for file in sorted(EXAMPLE.glob("*.yaml")) for each in yaml.safe_load_all(file.read_text())]
    assert len(documents) > 10
    for document in documents:
        validator.validate(document)


def changed(document, path, value):
    copy = json.loads(json.dumps(document))
    *steps, last = path.split(".")
    place = copy
    for step in steps:
        place = place[step]
    place[last] = value
    return copy


@pytest.mark.parametrize(
    ("document", "path", "value"),
    [
        (subscription(), "spec.changeType", ["updated"]),
        (subscription(), "spec.changeTypes", ["vanished"]),
        (subscription(), "spec.changeTypes", []),
        (subscription(), "spec.resource", 5),
        (subscription(), "spec.expiry", {"lifetime": "soon"}),
        (subscription(), "spec.management", {"onRemoval": "keep"}),
        (subscription(), "metadata.name", "Not A Name"),
        (subscription(), "kind", "Subscriptions"),
        (subscription(), "apiVersion", "reconciler/v9"),
        (subscription(), "extra", {}),
        (tenant(), "spec.tenantId", "contoso"),
        (tenant(), "spec.credential", {"secret": "literal"}),
        (tenant(), "spec.cloud", "moon"),
        (endpoint(), "spec.notificationUrl", "http://hooks.contoso.com"),
        (endpoint(), "spec.receiver", "both"),
        (settings(), "spec.limits", {"removals": 25}),
        (settings(), "spec.policy", "all"),
    ],
)
def test_mistakes_do_not_fit_the_schema(validator, document, path, value):
    validator.validate(document)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(changed(document, path, value))


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(reconcile, shell):
    ran = reconcile("completion", shell)
    assert ran.code == 0
    assert all(command in ran.out for command in COMMANDS)
    assert shell == "tcsh" or "--renew-within" in ran.out


@pytest.mark.parametrize(
    "command", [[], *([each] for each in COMMANDS)], ids=lambda command: " ".join(command) or "pass"
)
def test_help(reconcile, command):
    ran = reconcile(*command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.lower().startswith(" ".join(["usage: reconcile", *command]))
    assert ("--var NAME=VALUE" in ran.out) is (command != ["emulator"]), "no manifest concerns the emulator"
    if not command:
        assert all(each in ran.out for each in COMMANDS)
        assert "exit codes: 0 done or nothing to do" in ran.out


HEAVY = {"alembic", "asyncio", "cryptography", "httpx", "msal", "pydantic", "rich", "sqlalchemy", "starlette", "yaml"}
LOOKING = """
import sys
from reconciler.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as error:
    code = error.code
print(sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("arguments", "needless"),
    [
        (["--version"], HEAVY),
        (["catalog"], HEAVY - {"pydantic"}),
        (["--help"], HEAVY - {"rich"}),
    ],
    ids=["version", "catalog", "help"],
)
def test_what_is_not_needed_is_not_imported(arguments, needless):
    ran = subprocess.run(
        [sys.executable, "-c", LOOKING, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0
    assert needless & set(yaml.safe_load(ran.stderr)) == set()
    if arguments == ["--version"]:
        assert ran.stdout == f"reconcile {__version__}\n"


def test_validate(reconcile, example):
    ran = reconcile("validate")
    assert (ran.code, ran.out, ran.err) == (0, "11 subscriptions in 1 tenant: valid\n", "")
    assert reconcile("validate", "--format", "json").json == {"problems": []}


def test_warnings_do_not_make_manifests_invalid(reconcile, example):
    elsewhere = "lifecycleNotificationUrl: https://elsewhere.contoso.com/lifecycle"
    text = (example / "endpoint.yaml").read_text()
    (example / "endpoint.yaml").write_text(
        "\n".join(
            f"  {elsewhere}" if "lifecycle:" not in line and "lifecycleN" in line else line for line in text.split("\n")
        )
    )
    ran = reconcile("validate")
    assert (ran.code, ran.out) == (0, "11 subscriptions in 1 tenant: valid\n")
    assert ran.err == (
        "manifests/endpoint.yaml:7:29: warning: notifications go to localhost, lifecycle notifications to"
        " elsewhere.contoso.com: is that meant? [hosts-differ]\n"
    )
    assert reconcile("validate", "--format", "json").rules == ["hosts-differ"]
