# SPDX-License-Identifier: Apache-2.0
"""What the sandbox and the kernel may hide."""
import contextlib
import json

from harness.machine import until
from harness.points import expect, point

REDIS = "/system.slice/redis-server.service"


# The walls whose building makes systemd mount a procfs for the service alone.
WITHOUT_OWN_PROC = "[Service]\nProtectKernelTunables=no\nProtectControlGroups=no\n"
DROP_IN = "/etc/systemd/system/vitald.service.d/proc.conf"


def remount(machine, options):
    """Mounts procfs anew with these options and starts vitald under it; its pid."""
    machine.run(f"systemctl stop vitald; mount -o remount,{options} /proc; systemctl start vitald")
    return machine.service()["MainPID"]


@contextlib.contextmanager
def machines_proc(machine):
    """As long as this lasts, vitald sees the machine's procfs, as where it runs outside the sandbox."""
    machine.write(DROP_IN, WITHOUT_OWN_PROC)
    machine.run("systemctl daemon-reload")
    try:
        yield
    finally:
        machine.run(f"rm -f {DROP_IN}; systemctl daemon-reload; systemctl restart vitald")


def redis(machine):
    """Redis as vitalctl tells it."""
    answer = machine.run("vitalctl --json containers redis-server.service")
    rows = json.loads(answer.out)["containers"] if answer.code == 0 else []
    return rows[0] if rows else {}


@point("in its sandbox hidepid=2 of the machine hides nothing from it, and it complains of nothing")
def own_proc(machine):
    pid = remount(machine, "hidepid=2")
    try:
        expect(machine.run("su nobody -s /bin/sh -c 'test -e /proc/1'").code != 0, "nothing is hidden from anybody")
        expect(until(lambda: machine.page().one("container_start_time_seconds", id=REDIS), 30),
               "the start times do not come")
        told = machine.journal(f"_PID={pid}")
        expect("serves 127.0.0.1" in told and "hidepid" not in told, told)
    finally:
        remount(machine, "hidepid=0")


@point("outside the sandbox, behind hidepid=2, it says what is missing, and calls no running unit dead")
def hidepid(machine):
    with machines_proc(machine):
        pid = remount(machine, "hidepid=2")
        try:
            told = until(lambda: "is mounted with hidepid=" in machine.journal(f"_PID={pid}"), 40)
            expect(told, lambda: machine.journal("-n", "10"))
            alive = until(lambda: machine.page().one("vitald_check_status", check="server", status="healthy"), 40)
            expect(alive == 1, lambda: machine.journal("-n", "10"))
            page = machine.page()
            expect(page.one("container_processes", id=REDIS), "no process count")
            expect(page.one("container_memory_usage_bytes", id=REDIS), "no memory")
            # Absent, not zero; its own process it still sees.
            hidden = [name for name, labels, _ in page.samples if labels.get("id") == REDIS and name in (
                "container_start_time_seconds", "container_ulimits_soft")]
            expect(not hidden, hidden)
            expect(page.one("container_start_time_seconds", id="/system.slice/vitald.service"), "no start of its own")
            told = redis(machine)
            expect(told.get("processes") and told.get("status") == "running" and "started" not in told, told)
        finally:
            remount(machine, "hidepid=0")
        expect(until(lambda: machine.page().one("container_start_time_seconds", id=REDIS), 30),
               "without hidepid the start times do not come back")
        expect("started" in redis(machine), lambda: redis(machine))


@point("outside the sandbox, behind hidepid=2 with gid= of its group, it sees all, and complains of nothing")
def hidepid_group(machine):
    with machines_proc(machine):
        pid = remount(machine, "hidepid=2,gid=$(id -g vitald)")
        try:
            options = machine.run("grep ' /proc ' /proc/mounts").out
            expect("hidepid=invisible" in options and "gid=" in options, options)
            expect(until(lambda: machine.page().one("container_start_time_seconds", id=REDIS), 30),
                   "the start times do not come")
            told = machine.journal(f"_PID={pid}")
            expect("serves 127.0.0.1" in told and "hidepid" not in told, told)
        finally:
            remount(machine, "hidepid=0,gid=0")


@point("sizes are true below ProtectSystem=strict and ProtectHome=read-only")
def sizes(machine):
    size = int(machine.run("df -B1 --output=size / | tail -n 1").out)

    def disk():
        told = machine.run("curl -s http://127.0.0.1:9847/health/data-detailed").out
        return json.loads(told or "{}").get("dependencies", {}).get("disk", {})
    # The check may be still to come after a start.
    until(lambda: "total_bytes" in disk(), 30)
    expect(disk().get("total_bytes") == size and disk().get("readonly") is False, lambda: f"{size} is not in {disk()}")
