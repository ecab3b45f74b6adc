"""Settings: flag, environment, default, in this order, and one clear line for everything that cannot be."""

from pathlib import Path

import pytest

from webhook.settings import Settings, SettingsError, parse

UID = "6f1b3f0e-8c7d-4d0a-9a53-0c2b8e5f1a77"
GOOD = ["serve", "--bundle", "b.json", "--self-signed"]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in no pod, wherever the tests run."""
    monkeypatch.setattr("webhook.settings._NAMESPACE_FILE", tmp_path / "missing")


def test_defaults_are_those_of_a_laptop() -> None:
    """With a bundle and a certificate everything else has a default."""
    assert parse(GOOD, {}, "1") == Settings(
        bundle=Path("b.json"),
        certificate=None,
        key=None,
        host="127.0.0.1",
        port=8443,
        management_host="127.0.0.1",
        management_port=8081,
        ca_out=None,
        namespace="overbank-system",
        body_timeout=10.0,
    )


def test_everything_can_come_from_the_environment() -> None:
    """Each flag has a variable."""
    environment = {
        "OVERBANK_BUNDLE": "/b",
        "OVERBANK_CERT": "/c",
        "OVERBANK_KEY": "/k",
        "OVERBANK_HOST": "::",
        "OVERBANK_PORT": "9443",
        "OVERBANK_MANAGEMENT_HOST": "0.0.0.0",
        "OVERBANK_MANAGEMENT_PORT": "0",
        "OVERBANK_NAMESPACE": "prod",
        "OVERBANK_BODY_TIMEOUT": "2.5",
        "OVERBANK_HEAD_TIMEOUT": "3",
        "OVERBANK_MAX_IN_FLIGHT": "7",
        "OVERBANK_MAX_CONNECTIONS": "8",
        "OVERBANK_DRAIN_DELAY": "0",
        "OVERBANK_KUBECONFIG": "/kc",
        "OVERBANK_WATCH_NAMESPACES": "true",
        "OVERBANK_NAMESPACE_PATIENCE": "0.5",
        "OVERBANK_LOG_DECISIONS": "all",
    }
    assert parse(["serve"], environment, "1") == Settings(
        bundle=Path("/b"),
        certificate=Path("/c"),
        key=Path("/k"),
        host="::",
        port=9443,
        management_host="0.0.0.0",
        management_port=0,
        ca_out=None,
        namespace="prod",
        body_timeout=2.5,
        head_timeout=3.0,
        max_in_flight=7,
        max_connections=8,
        drain_delay=0.0,
        kubeconfig=Path("/kc"),
        watch_namespaces=True,
        namespace_patience=0.5,
        log_decisions="all",
    )
    settings = parse(["serve"], {"OVERBANK_BUNDLE": "/b", "OVERBANK_SELF_SIGNED": "true", "OVERBANK_CA_OUT": "/ca"}, "1")
    assert settings.ca_out == Path("/ca")


def test_a_flag_wins_over_the_environment() -> None:
    """Where both are given the flag counts, and an empty variable is none."""
    environment = {"OVERBANK_PORT": "1", "OVERBANK_MANAGEMENT_PORT": "", "OVERBANK_BUNDLE": "other"}
    settings = parse([*GOOD, "--port", "2"], environment, "1")
    assert (settings.port, settings.management_port, settings.bundle) == (2, 8081, Path("b.json"))


@pytest.mark.parametrize("variable", ["OVERBANK_PORT", "OVERBANK_HOST", "OVERBANK_MANAGEMENT_PORT"])
def test_service_links_are_not_settings(variable: str) -> None:
    """Variables that Kubernetes writes for a Service called "overbank" or "overbank-management" are not meant for us."""
    settings = parse(GOOD, {variable: "tcp://10.0.0.1:443"}, "1")
    assert (settings.port, settings.host, settings.management_port) == (8443, "127.0.0.1", 8081)


def test_the_certificate_is_chosen_as_a_whole() -> None:
    """A certificate flag makes the certificate variables irrelevant, in either direction."""
    settings = parse(["serve", "--bundle", "b", "--cert", "c", "--key", "k"], {"OVERBANK_SELF_SIGNED": "true"}, "1")
    assert settings.certificate == Path("c")
    assert parse(GOOD, {"OVERBANK_CERT": "c", "OVERBANK_KEY": "k"}, "1").certificate is None


@pytest.mark.parametrize(
    ("arguments", "environment", "reason"),
    [
        ([], {}, "the command is `serve`"),
        (["sevre"], {}, "invalid choice: 'sevre'"),
        ([*GOOD, "--prot", "1"], {}, "unrecognized arguments: --prot"),
        ([*GOOD, "--manage", "1"], {}, "unrecognized arguments: --manage"),
        ([*GOOD, "--port"], {}, "expected one argument"),
        (["serve", "--self-signed"], {}, "OVERBANK_BUNDLE"),
        (["serve", "--bundle", "b"], {}, "--self-signed, or --cert FILE and --key FILE"),
        (["serve", "--bundle", "b"], {"OVERBANK_SELF_SIGNED": "false"}, "which certificate"),
        ([*GOOD, "--cert", "c"], {}, "leave out --cert and --key"),
        (["serve", "--bundle", "b", "--cert", "c"], {}, "belong together"),
        (["serve", "--bundle", "b", "--cert", "c", "--key", "k", "--ca-out", "o"], {}, "not ours"),
        ([*GOOD, "--port", "65536"], {}, "--port '65536': not a port"),
        ([*GOOD, "--port", "-1"], {}, "port"),
        ([*GOOD, "--port", "٣"], {}, "not a port"),
        (GOOD, {"OVERBANK_PORT": "https"}, "OVERBANK_PORT 'https': not a port"),
        ([*GOOD, "--host", "a b"], {}, "--host 'a b': not an address"),
        ([*GOOD, "--body-timeout", "0"], {}, "above 0"),
        ([*GOOD, "--body-timeout", "inf"], {}, "above 0"),
        ([*GOOD, "--namespace", "Prod"], {}, "RFC 1123"),
        ([*GOOD, "--drain-delay", "-1"], {}, "such as 0 or 2.5"),
        ([*GOOD, "--max-in-flight", "0"], {}, "from 1 to 999999"),
        ([*GOOD, "--log-decisions", "some"], {}, "not one of changes, all, none"),
        (["serve", "--bundle", "b"], {"OVERBANK_SELF_SIGNED": "maybe"}, "neither true nor false"),
    ],
)
def test_tells_what_cannot_be_in_one_line(arguments: list[str], environment: dict[str, str], reason: str) -> None:
    """A mistake is told in one line that names its place."""
    with pytest.raises(SettingsError) as caught:
        parse(arguments, environment, "1")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_help_names_flags_variables_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of serve says for each setting how it is spelled in either place, and its default."""
    with pytest.raises(SystemExit) as caught:
        parse(["serve", "--help"], {}, "1")
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--management-port PORT" in text
    assert "[OVERBANK_MANAGEMENT_PORT; default 8081]" in text


def test_a_certificate_may_come_from_a_secret() -> None:
    """A Secret stands alone, in the namespace that is given, and names the configurations that follow it."""
    shared = ["serve", "--bundle", "b", "--tls-secret", "overbank-certificate"]
    settings = parse(shared, {}, "1")
    assert (settings.tls_secret, settings.namespace) == ("overbank-certificate", "overbank-system")
    assert settings.webhook_configurations == ("00-overbank",)
    named = [*shared, "--webhook-configuration", "a", "--webhook-configuration", "b", "--webhook-configuration", "a"]
    assert parse(named, {"OVERBANK_WEBHOOK_CONFIGURATION": "c"}, "1").webhook_configurations == ("a", "b")
    assert parse(shared, {"OVERBANK_WEBHOOK_CONFIGURATION": "c, d"}, "1").webhook_configurations == ("c", "d")
    assert parse(GOOD, {}, "1").webhook_configurations == ()
    for extra in (["--self-signed"], ["--cert", "c", "--key", "k"]):
        with pytest.raises(SettingsError, match="--tls-secret keeps a certificate of its own"):
            parse([*shared, *extra], {}, "1")
    for name in ("Overbank", "a_b", "", "a" * 254):
        with pytest.raises(SettingsError, match="RFC 1123 subdomain"):
            parse(["serve", "--bundle", "b", f"--tls-secret={name}"], {}, "1")


def test_the_namespace_is_that_of_the_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pod the namespace is its own, unless another one is given."""
    file = tmp_path / "namespace"
    file.write_text("prod\n")
    monkeypatch.setattr("webhook.settings._NAMESPACE_FILE", file)
    assert parse(GOOD, {}, "1").namespace == "prod"
    assert parse([*GOOD, "--namespace", "other"], {}, "1").namespace == "other"


def test_clients_have_names_only_where_they_have_certificates() -> None:
    """Names of clients are repeatable, in flags and in the variable, and need an authority."""
    settings = parse([*GOOD, "--client-ca", "ca", "--client-name", "a,b"], {}, "1")
    assert (settings.client_ca, settings.client_names) == (Path("ca"), ("a,b",))
    assert parse([*GOOD, "--client-ca", "ca"], {"OVERBANK_CLIENT_NAME": "a,b"}, "1").client_names == ("a", "b")
    with pytest.raises(SettingsError, match="only --client-ca asks for"):
        parse([*GOOD, "--client-name", "a"], {}, "1")


def test_what_asks_for_the_cluster() -> None:
    """A connection to the API server is made only where a setting needs one."""
    assert not parse(GOOD, {}, "1").asks_cluster
    assert not parse([*GOOD, "--public-key", "k", "--cluster-uid", UID, "--emergency", "e"], {}, "1").asks_cluster
    for flags in (["--emergency-config-map", "e"], ["--kubeconfig", "k"]):
        assert parse([*GOOD, *flags], {}, "1").asks_cluster
    assert parse(["serve", "--bundle-config-map", "b", "--self-signed"], {}, "1").asks_cluster


def test_several_public_keys() -> None:
    """A flag is given once for each key; its variable separates them by commas; a flag wins over the variable as a whole."""
    environment = {"OVERBANK_PUBLIC_KEY": "/a,/b"}
    assert parse(GOOD, environment, "1").public_keys == (Path("/a"), Path("/b"))
    assert parse([*GOOD, "--public-key", "c", "--public-key", "d"], environment, "1").public_keys == (Path("c"), Path("d"))


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--bundle-config-map", "b"], "--bundle and --bundle-config-map exclude each other"),
        (["--emergency", "e", "--emergency-config-map", "e"], "--emergency and --emergency-config-map exclude each other"),
        (["--emergency-config-map", "E"], "not the name of an object"),
        (["--cluster", "a.b"], "RFC 1123 label"),
        (["--cluster-uid", "6F1B3F0E"], "not a UID, as `kubectl get namespace kube-system"),
    ],
)
def test_bundle_settings_that_cannot_be(flags: list[str], text: str) -> None:
    """Settings about bundles that exclude each other or cannot be are told in one line."""
    with pytest.raises(SettingsError, match=text):
        parse([*GOOD, *flags], {}, "1")
