"""What a run is about: which paths, whose subscriptions, which values of variables, what may be pruned."""

import json

import pytest

from tests.cli.support import OWNER, endpoint, live, settings, snapshot, subscription, taken, tenant, write


@pytest.fixture
def plan(environment, reconcile):
    """A dry run against one subscription that is wanted and three that are not."""
    file = environment / "live.json"
    file.write_text(snapshot(taken(live(), *(live(f"old-{number}", number) for number in range(2, 5)))))

    def run(*options, stdin=None):
        return reconcile("--dry-run", "--live", file, "--format", "json", *options, stdin=stdin)

    return run


def documents(**spec):
    return [settings(**spec), tenant(), endpoint(), subscription()]


def text(*given) -> str:
    return "\n---\n".join(map(json.dumps, given))


class TestOwner:
    def test_missing(self, plan, environment):
        write(environment / "manifests" / "a.yaml", *documents(owner=None))
        ran = plan()
        assert (ran.code, ran.rules) == (4, ["owner-missing"])
        (problem,) = ran.json["problems"]
        assert (problem["path"], problem["line"]) == ("manifests/a.yaml", 1)
        for remedy in ("spec.owner in the Settings", "RECONCILER_OWNER", "--owner"):
            assert remedy in problem["message"]

    def test_missing_without_settings(self, plan, environment):
        file = write(environment / "elsewhere.yaml", *documents()[1:])
        ran = plan("-f", file)
        assert (ran.code, ran.rules) == (4, ["owner-missing"])
        assert ran.json["problems"][0]["path"] == str(file)

    def test_flag_over_environment_over_settings(self, plan, environment, monkeypatch):
        write(environment / "manifests" / "a.yaml", *documents())
        assert (plan().json["owner"], plan().rules) == (OWNER, [])
        monkeypatch.setenv("RECONCILER_OWNER", "by-environment")
        by_environment = plan()
        assert (by_environment.json["owner"], by_environment.rules) == ("by-environment", ["owner-differs"])
        by_flag = plan("--owner", "by-flag")
        assert (by_flag.json["owner"], by_flag.rules) == ("by-flag", ["owner-differs"])
        (problem,) = by_flag.json["problems"]
        assert problem["severity"] == "warning"
        assert "'by-flag' by the command line or RECONCILER_OWNER, 'contoso-test' here" in problem["message"]
        assert plan("--owner", OWNER).rules == []

    def test_an_empty_variable_is_none(self, plan, environment, monkeypatch):
        write(environment / "manifests" / "a.yaml", *documents())
        monkeypatch.setenv("RECONCILER_OWNER", "")
        assert plan().json["owner"] == OWNER

    @pytest.mark.parametrize("owner", ["Contoso", "a.b", "-a", "a_b", "a" * 33, "ü"])
    def test_malformed(self, plan, environment, monkeypatch, owner):
        write(environment / "manifests" / "a.yaml", *documents())
        assert plan(f"--owner={owner}").code == 64
        monkeypatch.setenv("RECONCILER_OWNER", owner)
        ran = plan()
        assert (ran.code, ran.out) == (64, "")
        assert "is not made of a-z, 0-9 and -, at most 32 characters" in ran.err


class TestVariables:
    @pytest.fixture
    def resource(self, plan, environment):
        wanted = subscription("new", resource="/teams/${TEAM:-0a1b2c3d-0000-4000-8000-00000000000d}")
        write(environment / "manifests" / "a.yaml", *documents(), wanted)

        def run(*options):
            ran = plan("--only", "new", *options)
            assert ran.code == 0, ran
            return ran.json["changes"][0]["resource"][-1]

        return run

    def test_the_command_line_over_a_file_over_the_environment(self, resource, environment, monkeypatch):
        def value(last):
            return f"0a1b2c3d-0000-4000-8000-00000000000{last}"

        assert resource() == "d"
        monkeypatch.setenv("RECONCILER_VAR_TEAM", value("e"))
        monkeypatch.setenv("TEAM", value("0"))
        assert resource() == "e"
        (environment / "one.env").write_text(f"# a comment\n\nTEAM={value('3')}\n")
        (environment / "two.env").write_text(f"\ufeffTEAM = {value('2')} \n")
        assert resource("--var-file", "one.env") == "3"
        assert resource("--var-file", "one.env", "--var-file", "two.env") == "2"
        assert resource("--var-file", "one.env", "--var", f"TEAM={value('c')}") == "c"
        assert resource("--var", f"TEAM={value('b')}", "--var", f"TEAM={value('c')}") == "c"

    def test_one_that_is_not_set(self, reconcile, environment):
        write(environment / "manifests" / "a.yaml", *documents(), subscription("new", resource="/teams/${TEAM}"))
        ran = reconcile("validate")
        assert ran.code == 4
        said = "the variable TEAM is not set: give --var TEAM=VALUE, --var-file or RECONCILER_VAR_TEAM [unset-variable]"
        assert said in ran.out

    @pytest.mark.parametrize("line", ["TEAM", "1TEAM=x", "=x", "export TEAM=x"])
    def test_a_file_that_is_none(self, reconcile, environment, line):
        (environment / "wrong.env").write_text(f"A=1\n{line}\n")
        ran = reconcile("validate", "--var-file", "wrong.env")
        assert (ran.code, ran.err) == (64, "reconcile: --var-file wrong.env:2 is not NAME=VALUE\n")

    def test_a_file_that_is_no_text(self, reconcile, environment):
        (environment / "wrong.env").write_bytes(b"A=\xff\n")
        ran = reconcile("validate", "--var-file", "wrong.env")
        assert (ran.code, ran.err) == (64, "reconcile: --var-file wrong.env is not UTF-8 text\n")


OLD = [("delete", f"old-{number}", None) for number in range(2, 5)]


class TestPruning:
    """Only what was read whole may say what is not wanted."""

    def test_a_folder(self, plan, environment):
        write(environment / "manifests" / "a.yaml", *documents())
        assert plan().actions == OLD
        assert plan("-f", "manifests").rules == []

    def test_standard_input(self, plan):
        assert plan("-f", "-", stdin=text(*documents())).actions == OLD

    def test_several_folders(self, plan, environment):
        write(environment / "one" / "a.yaml", *documents())
        write(environment / "two" / "a.yaml", subscription("old-2", 2))
        assert plan("-f", "one", "-f", "two").actions == OLD[1:]
        assert plan("-f", "one", "--format", "json", "validate").code == 64

    @pytest.mark.parametrize("also", [[], ["-f", "manifests"]], ids=["alone", "beside-a-folder"])
    def test_single_files_do_not(self, plan, environment, also):
        write(environment / "manifests" / "b.yaml", subscription("new", 9))
        write(environment / "a.yaml", *documents())
        ran = plan("-f", "a.yaml", *also)
        assert [action for action in ran.actions if action[0] == "delete"] == []
        assert ran.rules == ["not-pruned"]
        message = ran.json["problems"][0]["message"]
        assert "3 of our subscriptions have no manifest here and are left alone (old-2, old-3, old-4)" in message
        assert "a run prunes only if it reads a Settings document, and folders or -" in message

    def test_without_settings_neither(self, plan, environment):
        write(environment / "manifests" / "a.yaml", *documents()[1:])
        ran = plan("--owner", OWNER)
        assert (ran.actions, ran.rules) == ([], ["not-pruned"])

    def test_partial_runs_neither(self, plan, environment):
        wanted = [*documents(), subscription("new", 9, labels={"area": "hr"})]
        write(environment / "manifests" / "a.yaml", *wanted)
        for options in (["--only", "new"], ["--selector", "area=hr"], ["--only", "new", "--selector", "area=hr"]):
            ran = plan(*options)
            assert (ran.actions, ran.rules) == ([("create", "new", None)], [])
            assert ran.json["summary"]["unselected"] == 1
        assert plan("--only", "hr", "--selector", "area=hr").code == 64

    def test_a_tenant_prunes_within_itself(self, reconcile, environment):
        other = {"tenantId": "11111111-1111-4111-8111-111111111111"}
        wanted = [subscription("hr", tenant="contoso"), subscription("it", 2, tenant="fabrikam")]
        tenants = [tenant(), tenant("fabrikam", **other)]
        write(environment / "manifests" / "a.yaml", settings(), *tenants, endpoint(), *wanted)
        worlds = [taken(live(), live("old", 3)), taken(live("it", 2), live("old", 3), name="fabrikam", **other)]
        (environment / "live.json").write_text(snapshot(*worlds))

        def deleted(*options):
            ran = reconcile("--dry-run", "--live", "live.json", "--format", "json", *options)
            return [(each["tenant"], each["name"]) for each in ran.json["changes"]]

        assert deleted() == [("contoso", "old"), ("fabrikam", "old")]
        assert deleted("--tenant", "fabrikam") == [("fabrikam", "old")]
        assert deleted("--tenant", "fabrikam", "--tenant", "contoso") == deleted()
        assert reconcile("validate", "--tenant", "litware").code == 64


class TestPaths:
    def test_options_before_and_after_the_command(self, reconcile, environment):
        write(environment / "a" / "a.yaml", *documents())
        write(environment / "b" / "b.yaml", subscription("it", 2))
        said = "2 subscriptions in 1 tenant: valid\n"
        for arguments in ("-f a validate -f b", "validate -f a -f b", "-f a -f b validate"):
            assert reconcile(*arguments.split()).out == said
        assert reconcile("--format", "json", "-f", "a", "validate").json == {"problems": []}
        assert reconcile("-f", "a", "validate", "--format", "json").json == {"problems": []}
        assert reconcile("-f", "b", "validate").code == 4

    @pytest.mark.parametrize("again", ["manifests", "manifests/", "./manifests", "manifests/a.yaml", "manifests/sub"])
    def test_the_same_path_twice_is_read_once(self, reconcile, environment, again):
        write(environment / "manifests" / "a.yaml", *documents())
        write(environment / "manifests" / "sub" / "b.yaml", subscription("it", 2))
        ran = reconcile("validate", "-f", "manifests", "-f", again)
        assert (ran.code, ran.out) == (0, "2 subscriptions in 1 tenant: valid\n")

    @pytest.mark.parametrize(
        ("content", "shown"),
        [
            (None, "in this folder, of which only *.yaml and *.yml count"),
            ("# only\n---\n# comments\n", "in this folder"),
        ],
    )
    def test_a_folder_without_a_document(self, reconcile, environment, content, shown):
        (environment / "empty").mkdir()
        (environment / "empty" / "notes.txt").write_text("kind: Settings")
        if content:
            (environment / "empty" / "a.yaml").write_text(content)
        write(environment / "manifests" / "a.yaml", *documents())
        for paths in (["-f", "empty"], ["-f", "manifests", "-f", "empty"]):
            ran = reconcile("validate", *paths)
            assert ran.code == 4
            assert f"empty:1:1: there is no manifest {shown}" in ran.out
            assert "[no-documents]\n" in ran.out
            assert "\n1 error, " in ran.out

    @pytest.mark.parametrize("stdin", ["", "\n", "# nothing\n", "---\n---\n"])
    def test_a_stream_without_a_document_removes_nothing(self, plan, environment, stdin):
        write(environment / "manifests" / "a.yaml", *documents())
        ran = plan("-f", "manifests", "-f", "-", stdin=stdin)
        assert (ran.code, ran.rules) == (4, ["no-documents"])
        assert ran.json["problems"][0]["path"] == "<stdin>"

    def test_an_empty_file_is_no_reason_to_succeed(self, reconcile, environment):
        (environment / "a.yaml").write_text("")
        ran = reconcile("--dry-run", "--owner", OWNER, "-f", "a.yaml")
        assert ran.code == 4
        assert "a.yaml:1:1: there is no manifest here [no-documents]" in ran.out

    def test_a_path_that_is_not_there(self, reconcile):
        ran = reconcile("validate")
        assert ran.code == 4
        assert "manifests:1:1: there is no such file or folder: -f names another one [unreadable-file]" in ran.out

    def test_all_problems_of_all_files_in_one_run(self, reconcile, environment):
        write(environment / "manifests" / "a.yaml", *documents(), subscription("b", 2, changeTypes=["gone"]))
        (environment / "manifests" / "b.yml").write_text("kind: Subscriptoin\n---\n\tbroken")
        (environment / "manifests" / "c.yaml").write_bytes(b"a: 1\nb: \xff\n")
        (environment / "manifests" / "d.yaml").symlink_to("nowhere")
        ran = reconcile("validate")
        assert ran.code == 4
        for said in (
            "[change-type]",
            "b.yml:1:7: unknown kind 'Subscriptoin', did you mean 'Subscription'?",
            "[yaml-syntax]",
            "c.yaml:2:1: this is not UTF-8 text [unreadable-file]",
            "d.yaml:1:1: there is no such file",
        ):
            assert said in ran.out
        assert "\n5 errors, " in ran.out

    def test_files_beside_the_manifest_are_relative_to_it(self, reconcile, example):
        assert reconcile("validate", "-f", example / "certificate.yaml", "-f", example).code == 0
        assert reconcile("validate", "-f", "-", stdin=(example / "certificate.yaml").read_text()).code == 4
