# SPDX-License-Identifier: Apache-2.0
"""Dependencies that stop, hang and come back."""
import time

from harness.machine import until
from harness.points import expect, point


def turned(machine, check, level, seconds):
    """Waits until the check has this level; how long that took, None where it did not."""
    start = time.monotonic()
    found = until(lambda: machine.page().one("vitald_check_status", check=check, status=level), seconds)
    return time.monotonic() - start if found else None


def runs(machine, check):
    """How often the check ran."""
    return sum(value for _, value in machine.page().all("vitald_check_runs_total", check=check))


@point("Redis stopped: the check turns after two attempts with the reason, the unit check too; started, both heal")
def redis(machine):
    machine.run("systemctl stop redis-server")
    try:
        took = turned(machine, "cache", "unhealthy", 40)
        expect(took is not None and took < 25, f"turned after {took} s, expected within 2 intervals of 5 s")
        expect("refused the connection" in machine.journal("-n", "10", "VITALD_CHECK=cache"),
               lambda: machine.journal("-n", "5"))
        reasons = machine.run("journalctl -u vitald -o json VITALD_CHECK=cache VITALD_REASON=refused").out
        expect(reasons, "no entry with VITALD_REASON=refused")
        expect(machine.page().one("redis_up", dependency="cache") == 0, "redis_up is not 0")
        expect(machine.page().one("vitald_status", status="degraded") == 1, "impact degrade did not degrade")
        expect(turned(machine, "server", "unhealthy", 40) is not None, "the unit check does not see it")
        gone = machine.page().all("container_cpu_usage_seconds_total", id="/system.slice/redis-server.service")
        expect(not gone, f"the stopped unit still has series: {gone}")
    finally:
        machine.run("systemctl start redis-server")
    expect(turned(machine, "cache", "healthy", 40) is not None, lambda: machine.journal("-n", "5"))
    expect(turned(machine, "server", "healthy", 40) is not None, lambda: machine.journal("-n", "5"))


@point("Postgres stopped with SIGSTOP: a timeout with its phase, one attempt at a time; continued, it heals")
def postgres(machine):
    machine.run("systemctl kill -s STOP postgresql@15-main.service")
    try:
        took = turned(machine, "database", "unhealthy", 60)
        reasons = machine.run("journalctl -u vitald -o json -n 1 VITALD_CHECK=database VITALD_STATUS=unhealthy").out
    finally:
        machine.run("systemctl kill -s CONT postgresql@15-main.service")
    expect(took is not None, "the check did not turn")
    expect('"VITALD_REASON":"timeout.' in reasons, reasons)
    expect(turned(machine, "database", "healthy", 60) is not None, lambda: machine.journal("-n", "5"))
    clients = machine.run("cd /; su postgres -c \"psql -Atqc \\\"select count(*) from pg_stat_activity "
                          "where usename = 'vitald'\\\"\"")
    expect(clients.out.strip() in ("0", "1", "2"), f"connections of vitald: {clients}")


@point("a file system that hangs: its check is not healthy, all others go on, the daemon can still be restarted")
def hung_mount(machine):
    expect(turned(machine, "share", "healthy", 30) is not None,
           lambda: machine.journal("-n", "5", "VITALD_CHECK=share"))
    pid = machine.service()["MainPID"]
    machine.run("kill -STOP $(pidof fuse-overlayfs)")
    try:
        stuck = until(lambda: machine.page().one("vitald_check_status", check="share", status="healthy") == 0, 90)
        expect(stuck, lambda: machine.journal("-n", "5", "VITALD_CHECK=share"))
        before = {name: runs(machine, name) for name in ("cache", "disk")}
        for name, count in before.items():
            expect(until(lambda n=name, c=count: runs(machine, n) > c + 1, 30), f"{name} does not run any more")
        # A call that the stopped server has not read yet ends with its helper, at the deadline: until the next attempt
        # there is none then. Two attempts on there is still one at most.
        counts, enough = [], runs(machine, "share") + 2

        def twice():
            counts.append(machine.run(f"pgrep -c -P {pid}").out.strip())
            return runs(machine, "share") >= enough

        expect(until(twice, 150), "its check does not run any more")
        expect(set(counts) <= {"0", "1"} and "1" in counts, f"helper processes for one mount: {counts}")
        answer = machine.run("systemctl restart vitald", 60)
        expect(answer.code == 0 and machine.service()["MainPID"] != pid, f"not restarted: {answer}")
    finally:
        machine.run("kill -CONT $(pidof fuse-overlayfs)")
    expect(turned(machine, "share", "healthy", 60) is not None,
           lambda: machine.journal("-n", "5", "VITALD_CHECK=share"))
