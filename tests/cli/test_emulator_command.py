"""``reconcile emulator`` and its errands: env, seed, churn."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from reconciler.emulator.environment import find
from reconciler.emulator.outgoing import connect
from reconciler.emulator.remote import ask
from tests.cli.test_processes import started

SHELLS = ("sh", "bash", "dash", "zsh")
PATH = os.environ["PATH"]


@pytest.fixture
def in_a_shell(environment, emulator):
    """What ``eval "$(reconcile emulator env)"`` leaves in a shell's environment."""

    def variables(shell: str, text: str, *, quotes: str = '"') -> dict[str, str]:
        script = f"eval {quotes}$(cat text){quotes}; exec env -0"
        (environment / "text").write_text(text)
        ended = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True, env={"PATH": PATH})
        assert ended.stderr == ""
        return dict(each.split("=", 1) for each in ended.stdout.split("\0") if each)

    return variables


class TestEnv:
    @pytest.mark.parametrize("quotes", ['"', ""], ids=["quoted", "careless"])
    @pytest.mark.parametrize("shell", SHELLS)
    def test_a_shell_takes_it(self, reconcile, emulator, in_a_shell, shell, quotes):
        if not shutil.which(shell):
            pytest.skip(f"{shell} is not on this machine")
        found = in_a_shell(shell, reconcile("emulator", "env").out, quotes=quotes)
        assert found.items() >= emulator.environment.items()

    def test_what_it_says(self, reconcile, emulator):
        ended = reconcile("emulator", "env")
        assert (ended.code, ended.err) == (0, "")
        said = dict(line.removeprefix("export ").split("=", 1) for line in ended.out.splitlines() if "export" in line)
        info = emulator.info
        assert said == {
            "AUTHORITY": info["authority"],
            "AZURE_AUTHORITY_HOST": info["authority"],
            "AZURE_CLIENT_ID": info["clientId"],
            "AZURE_CLIENT_SECRET": info["clientSecret"],
            "AZURE_TENANT_ID": info["tenantId"],
            "GRAPH": info["graph"],
            "GRAPH_CA_FILE": info["caFile"],
            "NODE_EXTRA_CA_CERTS": info["caFile"],
            "RECEIVER_CERTIFICATE": info["receiverCertificate"],
            "RECEIVER_KEY": info["receiverKey"],
            "RECONCILER_EMULATOR_HOME": str(emulator.home),
        }

    def test_as_json(self, reconcile, emulator):
        assert reconcile("emulator", "env", "--format", "json").json == emulator.environment
        assert reconcile("--format", "json", "emulator", "env").json == emulator.environment

    def test_odd_names_are_quoted(self, reconcile, emulator, environment, in_a_shell):
        home = environment / "it's $HOME; `x`"
        home.mkdir()
        info = emulator.info | {"receiverKey": f"{home}/key"}
        (home / "emulator.json").write_text(json.dumps(info))
        ended = reconcile("emulator", "env", "--home", home)
        assert in_a_shell("sh", ended.out)["RECEIVER_KEY"] == f"{home}/key"

    def test_the_home_is_found_by_the_option_then_the_variable_then_the_default(
        self, reconcile, emulator, environment, monkeypatch
    ):
        assert reconcile("emulator", "env", "--home", environment / "none").code == 1
        assert reconcile("emulator", "--home", environment / "none", "env").code == 1
        assert reconcile("emulator", "env").code == 0
        monkeypatch.delenv("RECONCILER_EMULATOR_HOME")
        assert "no emulator runs in .emulator: " in reconcile("emulator", "env").err
        (environment / ".emulator").symlink_to(emulator.home)
        assert reconcile("emulator", "env").code == 0


class TestNoEmulator:
    @pytest.fixture(params=[["env"], ["seed", "world.yaml"], ["churn", "--rate", "1"]], ids=["env", "seed", "churn"])
    def errand(self, request, environment):
        (environment / "world.yaml").write_text("teams: []\n")
        return ["emulator", *request.param]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (None, "no emulator runs in {home}: emulator.json is missing; start one with: reconcile emulator --home "),
            ("{", "{home}/emulator.json cannot be read: "),
            ("[]", "{home}/emulator.json was not written by an emulator; start one with: "),
            ('{"graph": 5}', "{home}/emulator.json was not written by an emulator; start one with: "),
        ],
        ids=["none", "broken", "foreign", "half"],
    )
    def test_the_home_has_none(self, reconcile, environment, errand, text, said):
        home = environment / "a home"
        home.mkdir()
        if text is not None:
            (home / "emulator.json").write_text(text)
        ended = reconcile(*errand, "--home", home)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith(f"reconcile: {said.replace('{home}', str(home))}")
        assert f"reconcile emulator --home {shlex.quote(str(home))}" in ended.err

    def test_it_has_ended_without_a_word(self, reconcile, emulator, environment, errand):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            origin = f"https://127.0.0.1:{taken.getsockname()[1]}"
        (environment / "emulator.json").write_text(json.dumps(emulator.info | {"graph": origin, "authority": origin}))
        ended = reconcile(*errand, "--home", environment)
        assert ended.code == 1
        assert f"the emulator at {origin} does not answer: " in ended.err
        assert "Connection refused" in ended.err or "connection attempts failed" in ended.err
        assert ended.err.endswith("start it with: reconcile emulator\n")

    def test_another_machine_is_not_asked(self, reconcile, emulator, environment, errand):
        info = emulator.info | {"authority": "https://login.contoso.com"}
        (environment / "emulator.json").write_text(json.dumps(info))
        ended = reconcile(*errand, "--home", environment)
        assert ended.code == 1
        assert "names https://login.contoso.com, and an emulator is on loopback only" in ended.err


@pytest.mark.usefixtures("emulator")
class TestSeed:
    @pytest.fixture
    def file(self, environment):
        return environment / "world.yaml"

    def test_it_adds_to_the_world_and_says_what(self, reconcile, emulator, file):
        file.write_text("teams:\n- displayName: Sales\n  channels: [{displayName: Leads}]\n- displayName: IT\n")
        ended = reconcile("emulator", "seed", file)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("added ")
        assert "2 teams" in ended.out
        teams = emulator.write("GET", "/v1.0/teams")["value"]
        assert [each["displayName"] for each in teams] == ["Sales", "IT"]
        assert reconcile("emulator", "seed", file, "--format", "json").json["teams"] == 2
        assert len(emulator.write("GET", "/v1.0/teams")["value"]) == 4

    def test_an_empty_file(self, reconcile, file):
        file.write_text("")
        ended = reconcile("emulator", "seed", file)
        assert (ended.code, ended.out) == (0, "added nothing\n")

    def test_every_problem_of_the_file_on_a_line(self, reconcile, emulator, file):
        file.write_text("teems: []\nteams:\n- displayName: 5\n")
        ended = reconcile("emulator", "seed", file)
        assert (ended.code, ended.out) == (1, "")
        places = [line.split(": ")[1] for line in ended.err.splitlines()]
        assert places == [f"{file}:1:1", f"{file}:3:16"]
        assert emulator.write("GET", "/v1.0/teams")["value"] == []

    def test_a_file_that_is_not_there(self, reconcile):
        ended = reconcile("emulator", "seed", "none.yaml")
        assert (ended.code, ended.out) == (1, "")
        assert "none.yaml" in ended.err

    def test_what_is_there_already(self, reconcile, file):
        file.write_text("teams: [{id: 0a1b2c3d-0000-4000-8000-00000000000a, displayName: Sales}]\n")
        assert reconcile("emulator", "seed", file).code == 0
        ended = reconcile("emulator", "seed", file)
        assert (ended.code, ended.out) == (1, "")
        assert "0a1b2c3d-0000-4000-8000-00000000000a" in ended.err


@pytest.mark.usefixtures("world")
class TestChurn:
    @pytest.fixture
    def world(self, emulator):
        emulator.control(
            "POST", "world", {"teams": [{"displayName": "Sales"}], "webinars": [{"displayName": "Launch"}]}
        )
        return emulator

    def test_it_says_how_it_went_and_how_to_do_it_again(self, reconcile):
        ended = reconcile("emulator", "churn", "--rate", "200", "--count", "20", "--random-seed", "7")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.splitlines()[-1].startswith("20 writes in ")
        assert ended.out.endswith("20 done, 0 failed; again with --random-seed 7\n")

    def test_without_a_number_one_is_drawn_and_told(self, reconcile):
        first, second = (reconcile("emulator", "churn", "--rate", "200", "--count", "1").out for _ in range(2))
        assert first.split()[-1].isdecimal()
        assert first.split()[-1] != second.split()[-1]

    def test_as_json(self, reconcile):
        ended = reconcile("emulator", "churn", "--rate", "20", "--for", "1s", "--random-seed", "7", "--format", "json")
        said = [json.loads(line) for line in ended.out.splitlines()]
        assert said[-1].items() >= {"done": 20, "failed": 0, "behind": 0, "reasons": {}, "randomSeed": 7}.items()

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_in_good_order(self, how):
        with started("emulator", "churn", "--rate", "20") as process:
            assert process.stdout
            line = process.stdout.readline()
            process.send_signal(how)
            out, err = process.communicate(timeout=20)
        assert line.startswith("1 s: ")
        assert (process.returncode, err) == (0, "")
        assert " writes in " in out.splitlines()[-1]

    def test_a_reader_that_goes_away_ends_it(self):
        with started("emulator", "churn", "--rate", "20") as process:
            assert process.stdout
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr
            assert process.stderr.read() == ""
            assert process.wait(20) == 1

    def test_a_write_that_failed_is_an_error(self, world):
        with started("emulator", "churn", "--rate", "20") as process:
            assert process.stdout
            process.stdout.readline()
            world.faults({"answers": [{"method": "WORLD", "status": 503, "count": 3}]})
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (1, "")
        assert " 3 failed (3 with 503 ServiceNotAvailable); " in out.splitlines()[-1]

    def test_what_keeps_it_from_starting_is_told(self, reconcile, world):
        world.faults({"answers": [{"method": "WORLD", "status": 503}]})
        ended = reconcile("emulator", "churn", "--rate", "20")
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith("reconcile: GET /v1.0/teams: 503 ")


class TestStart:
    def test_with_everything(self, environment):
        (environment / "faults.json").write_text('{"slow": 0.01}')
        told = ["--world", "small", "--time-scale", "60", "--faults", "faults.json", "--behaviour", "twins=conflict"]
        with started("emulator", "--listen", "127.0.0.1:0", "--home", "home", "--save", "saved.json", *told) as process:
            assert process.stdout
            assert process.stdout.readline().startswith("Graph is at https://127.0.0.1:")
            info = find(environment / "home")
            with connect(info["graph"], info["caFile"]) as client:
                assert ask(client, "GET", "world?count")["teams"] > 1
                assert ask(client, "GET", "clock")["scale"] == 60
                assert ask(client, "GET", "faults")["slow"] == 0.01
                assert ask(client, "GET", "behaviours")["twins"] == "conflict"
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")
        assert (environment / "saved.json").exists()

    @pytest.mark.parametrize("text", ["{", '{"slo": 5}', None], ids=["broken", "unknown", "missing"])
    def test_with_faults_that_are_wrong(self, environment, reconcile, text):
        if text is not None:
            (environment / "faults.json").write_text(text)
        ended = reconcile("emulator", "--listen", "127.0.0.1:0", "--faults", "faults.json")
        assert (ended.code, ended.out) == (1, "")
        assert "faults.json" in ended.err


def test_a_folder_is_no_file_to_save_in(reconcile, environment):
    ended = reconcile("emulator", "--listen", "127.0.0.1:0", "--home", "home", "--save", ".")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "reconcile: cannot save to .: it is a folder; give a file with --save\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--world", "huge"], "invalid choice: 'huge'"),
        (["--time-scale", "0"], "'0' is not greater than zero"),
        (["--time-scale", "fast"], "'fast' is not a number"),
        (["--time-scale", "inf"], "'inf' is not greater than zero"),
        (["--time-scale", "200000"], "cannot run time 200000 times as fast"),
        (["--behaviour", "twins"], "'twins' is not NAME=VALUE"),
        (["--behaviour", "twins=perhaps"], "behaviour 'twins' cannot be 'perhaps'"),
        (["--world", "small", "env"], "--world goes with the start of the emulator, not with env"),
        (["--time-scale", "2", "seed", "x"], "--time-scale goes with the start of the emulator, not with seed"),
        (["churn"], "the following arguments are required: --rate"),
        (["churn", "--rate", "-1"], "'-1' is not greater than zero"),
        (["churn", "--rate", "1", "--count", "0"], "'0' is not a whole number greater than zero"),
        (["churn", "--rate", "1", "--count", "1", "--for", "1s"], "not allowed with argument"),
        (["seed"], "the following arguments are required: FILE"),
        (["harvest"], "invalid choice: 'harvest'"),
        (["--file=world.yaml"], "unrecognized arguments: --file=world.yaml"),
        (["churn", "--rate", "1", "--tenant", "contoso"], "unrecognized arguments: --tenant contoso"),
    ],
)
def test_wrong_usage(reconcile, environment, arguments, said):
    ended = reconcile("emulator", *arguments)
    assert (ended.code, ended.out) == (64, "")
    assert said in ended.err
