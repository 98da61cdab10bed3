# SPDX-License-Identifier: Apache-2.0
"""The package upgraded under load, removed and purged."""
import contextlib
import pathlib
import subprocess
import tarfile
import tempfile

from harness.install import PACKAGE
from harness.machine import until
from harness.points import expect, point

# Four who never pause: over TCP, the whole page, over the Unix sockets of pages and of queries. What each counted
# and whatever failed is written down.
LOAD = """#!/bin/bash
ask() {
    name=$1; shift; count=0
    while [ ! -e /srv/enough ]; do
        if told=$("$@" 2>&1); then count=$((count + 1)); else echo "$name: exit $?: $told" >> /srv/failed; fi
    done
    echo "$name $count" >> /srv/answered
}
rm -f /srv/enough /srv/failed /srv/answered
ask tcp curl -sS --fail -o /dev/null --max-time 60 http://127.0.0.1:9847/livez &
ask page curl -sS --fail -o /dev/null --max-time 60 http://127.0.0.1:9847/metrics &
ask local curl -sS --fail -o /dev/null --max-time 60 --unix-socket /run/vitald/http.sock http://vitald/livez &
ask query vitalctl --json status &
wait
echo end >> /srv/answered
"""


@contextlib.contextmanager
def load(machine):
    """The four ask for as long as this lasts; then the dictionary has what each counted, and `failed`."""
    machine.write("/srv/load", LOAD)
    machine.run("setsid nohup bash /srv/load > /dev/null 2>&1 < /dev/null & sleep 2")
    told = {"failed": []}
    try:
        yield told
        # Who waited at a socket meanwhile is answered now.
        machine.run("sleep 2")
    finally:
        machine.run("touch /srv/enough")
        until(lambda: "end" in machine.run("cat /srv/answered").out, 90)
        told["failed"] = machine.run("cat /srv/failed").out.splitlines()
        told.update((line.split()[0], int(line.split()[1]))
                    for line in machine.run("grep ' ' /srv/answered").out.splitlines())


def opened(machine):
    """When systemd opened the sockets; another number after they were opened anew."""
    return [machine.service(unit)["ActiveEnterTimestampMonotonic"] for unit in ("vitald.socket", "vitald-http.socket")]


def unscathed(told):
    """Expects that all four were answered again and again, and nobody ever failed."""
    expect(not told["failed"], lambda: f"{len(told['failed'])} failed, {told}")
    expect(min(told.get(name, 0) for name in ("tcp", "page", "local", "query")) > 2, told)


@point("journalctl -x explains every line that was written so far, its fields put in")
def explained(machine):
    answer = machine.run("journalctl -u vitald -o json --output-fields=MESSAGE_ID --no-pager _TRANSPORT=journal")
    ids = {word for word in answer.out.replace('"', " ").split() if len(word) == 32 and word.isalnum()}
    ids -= {machine.run("cat /etc/machine-id").out.strip()}
    seen = set()
    for identifier in ids:
        text = machine.run(f"journalctl -x --no-pager -n 1 MESSAGE_ID={identifier} SYSLOG_IDENTIFIER=vitald").out
        if "vitald[" not in text:
            continue
        seen.add(identifier)
        expect("Defined-By: vitald" in text and "Subject: " in text, text)
        expect("@VITALD_" not in text and "@MESSAGE" not in text, text)
    expect(len(seen) > 5, lambda: f"only {len(seen)} kinds of lines: {ids}")


@point("restarted under load: nobody is refused, the sockets stay open")
def restarted(machine):
    before, pid = opened(machine), machine.service()["MainPID"]
    with load(machine) as told:
        answer = machine.run("systemctl restart vitald", 90)
    expect(answer.code == 0 and machine.service()["MainPID"] != pid, answer)
    unscathed(told)
    expect(opened(machine) == before, "the sockets were opened anew")


@point("upgraded under load: nobody is refused, the sockets stay open, the configuration stays")
def upgraded(machine):
    before, pid = opened(machine), machine.service()["MainPID"]
    have = machine.run("dpkg-query -W -f '${Version}' vitald").out
    newer = f"{have}+upgrade1"
    with tempfile.TemporaryDirectory() as directory:
        made = subprocess.run([machine.project / "packaging/make-deb", newer, directory], capture_output=True,
                              text=True, check=True)
        machine.put(pathlib.Path(made.stdout.strip()), "/srv/newer.deb")
    with load(machine) as told:
        answer = machine.run("apt-get install -y /srv/newer.deb", 300)
    expect(answer.code == 0, answer)
    expect(machine.run("dpkg-query -W -f '${Version}' vitald").out == newer, answer)
    service = machine.service()
    expect(service["MainPID"] not in ("", "0", pid) and service["ActiveState"] == "active", "it was not restarted")
    unscathed(told)
    expect(opened(machine) == before, "the sockets were opened anew")
    expect("system-test" in machine.run("cat /etc/vitald/config.json").out, "the configuration was replaced")


def watched(machine):
    """An agent with its sidecar, both running."""
    machine.write("/etc/systemd/system/agno@.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    machine.run("systemctl daemon-reload; systemctl enable vitald@agno@1; systemctl start agno@1")
    expect(until(lambda: machine.service("vitald@agno@1")["ActiveState"] == "active", 40), "no sidecar")


@point("a removal that dpkg gives up brings everything back, the sidecars as well")
def given_up(machine):
    watched(machine)
    # What dpkg calls, in its order, where a removal fails behind our own script.
    answer = machine.run("cd /var/lib/dpkg/info && ./vitald.prerm remove && ! systemctl -q is-active vitald@agno@1 && "
                         "./vitald.postinst abort-remove")
    expect(answer.code == 0, answer)
    back = until(lambda: machine.service("vitald@agno@1")["ActiveState"] == "active" and machine.page().samples, 40)
    expect(back, lambda: machine.run("systemctl list-units --no-legend 'vitald*'"))


@point("removed: no process, no socket, no unit; the configuration stays")
def removed(machine):
    watched(machine)
    answer = machine.run("apt-get remove -y vitald", 300)
    expect(answer.code == 0, answer)
    expect(machine.run("pgrep -a -x vitald").code == 1, lambda: machine.run("pgrep -a -x vitald"))
    expect(machine.run("ss -lxtn | grep -E 'vitald|9847'").code == 1, lambda: machine.run("ss -lxtn"))
    expect(machine.run("find /run/vitald -type s").out == "", lambda: machine.run("ls -lR /run/vitald"))
    left = machine.run("systemctl list-unit-files --no-legend 'vitald*'; "
                       "systemctl list-units --no-legend --state=active,failed 'vitald*'").out
    expect("enabled" not in left and "active" not in left.split(), left)
    expect(machine.run("test -e /etc/vitald/config.json && id vitald").code == 0, "configuration or user is gone")


@point("purged: no file, no user and no group is left")
def purged(machine):
    machine.run("systemctl stop agno@1; userdel -r member; rm -f /etc/systemd/system/agno@.service")
    answer = machine.run("apt-get purge -y vitald", 300)
    expect(answer.code == 0, answer)
    expect(machine.run("getent passwd vitald; getent group vitald").out == "", "user or group is left")
    left = machine.run("find / -xdev '(' -nouser -o -nogroup ')' -print; find /etc /usr /lib /run /var -xdev "
                       "-iname '*vitald*' -not -path '/var/log/*' -not -path '/var/cache/*'").out
    expect(left == "", left)


@point("make install and make uninstall: it serves from /usr/local, a new one takes over, and what is left is told")
def by_hand(machine):
    with tempfile.TemporaryDirectory() as scratch:
        archive = pathlib.Path(scratch) / "tree.tar"
        with tarfile.open(archive, "w") as tar:
            for name in ("packaging", "systemd", "config.example.json"):
                tar.add(machine.project / name, name)
        machine.put(archive, "/srv/tree.tar")
    # The binaries are those of the package.
    install = "cd /srv/tree && packaging/install-files"
    made = machine.run(f"""set -e
rm -rf /srv/tree; mkdir -p /srv/tree/.build/release; cd /srv/tree; tar xf /srv/tree.tar; dpkg-deb -x {PACKAGE} /srv/unpacked
mv /srv/unpacked/usr/bin/vital* .build/release; {install} '' /usr/local; systemctl enable --now vitald""", 300)
    expect(made.code == 0, made)
    expect(until(lambda: machine.page().samples, 60), lambda: machine.journal("-n", "9"))
    watched(machine)
    before = [machine.service(name)["MainPID"] for name in ("vitald", "vitald@agno@1")]
    again = machine.run(f"{install} '' /usr/local", 300)
    after = [machine.service(name)["MainPID"] for name in ("vitald", "vitald@agno@1")]
    expect(again.code == 0 and not set(before) & set(after) and "0" not in after, f"{again} {before} {after}")
    expect(machine.run("readlink /proc/%s/exe" % after[0]).out.strip() == "/usr/local/bin/vitald", "another binary runs")
    gone = machine.run(f"{install} --remove '' /usr/local", 300)
    expect(gone.code == 0 and "/var/lib/vitald" in gone.out and "user vitald" in gone.out, gone)
    expect(machine.run("pgrep -a -x vitald").code == 1, lambda: machine.run("pgrep -a -x vitald"))
    left = machine.run("find /usr/local /etc/systemd /usr/lib -iname '*vital*'; systemctl list-units --no-legend "
                       "--state=active,failed 'vitald*'").out
    expect(left == "", left)
