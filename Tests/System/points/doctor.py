# SPDX-License-Identifier: Apache-2.0
"""What vitald says of what it can see."""
import json
import re

from harness.machine import until
from harness.points import expect, point


def diagnoses(machine):
    """The findings by their subjects."""
    answer = machine.run("vitalctl --json doctor")
    return {entry["subject"]: entry for entry in json.loads(answer.out)["findings"]} if answer.out else {}


@point("vitalctl doctor: on a whole machine all is seen, and what is not has its remedy")
def whole(machine):
    told = diagnoses(machine)
    for subject in ("cgroup", "containers", "pressure", "processes", "capabilities", "filesystems", "names", "journal",
                    "log", "limits", "resources", "credentials", "access", "sockets", "systemd", "configuration", "caller"):
        expect(told.get(subject, {}).get("state") == "ok", lambda: f"{subject}: {told.get(subject)}")
    expect(told["cgroup"]["fact"].startswith("version 2 at /sys/fs/cgroup"), lambda: told["cgroup"])
    expect(told["capabilities"]["fact"].startswith("none, and none is needed"), lambda: told["capabilities"])
    expect("systemd holds" in told["sockets"]["fact"] and "127.0.0.1:9847" in told["sockets"]["fact"],
           lambda: told["sockets"])
    limits = told["resources"]["fact"]
    expect("192 MiB" in limits and "128 tasks" in limits, limits)
    # Its owner is root, or vitald where the runtime directory was another user's in between (RuntimeDirectory=).
    expect(re.search(r"/run/vitald/vitald.sock is \w+:vitald 0660", told["access"]["fact"]), lambda: told["access"])
    expect("root is an administrator" in told["caller"]["fact"], lambda: told["caller"])
    expect("journald" in told["log"]["fact"], lambda: told["log"])
    for entry in told.values():
        expect(entry["state"] == "ok" or entry.get("remedy"), entry)
    text = machine.run("vitalctl doctor")
    expect(text.code == 0 and "cgroup" in text.out, text)


@point("vitalctl doctor says which controller is off, and what it advises switches it on")
def controllers(machine):
    def found():
        return diagnoses(machine).get("controllers", {})
    told = found()
    expect(told.get("state") == "limited" and "io is off" in told.get("fact", ""), told)
    remedy = told.get("remedy", "")
    expect("DefaultIOAccounting=yes" in remedy and "daemon-reexec" in remedy, told)
    machine.write("/etc/systemd/system.conf.d/io.conf", "[Manager]\nDefaultIOAccounting=yes\n")
    try:
        machine.run("systemctl daemon-reexec")
        # The manager that starts again may not let in who asks just then.
        seen = until(lambda: found().get("state") == "ok", 30)
        expect(seen, found)
        seen = until(lambda: machine.page().all("container_fs_reads_bytes_total"), 30)
        expect(seen, "the figures are still missing")
    finally:
        machine.run("rm -r /etc/systemd/system.conf.d; systemctl daemon-reexec")


@point("vitalctl doctor without its group tells why the journal is closed; a stranger hears why he is not let in")
def closed(machine):
    machine.write("/etc/systemd/system/vitald.service.d/alone.conf", "[Service]\nSupplementaryGroups=\n")
    machine.run("systemctl daemon-reload; systemctl restart vitald")
    try:
        journal = diagnoses(machine).get("journal", {})
        expect(journal.get("state") == "limited" and "systemd-journal" in journal.get("remedy", ""), journal)
    finally:
        machine.run("rm -r /etc/systemd/system/vitald.service.d; systemctl daemon-reload; systemctl restart vitald")
    refused = machine.run("su nobody -s /bin/sh -c 'vitalctl doctor'")
    expect(refused.code == 1 and "join the group" in refused.out, refused)
