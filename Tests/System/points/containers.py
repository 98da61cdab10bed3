# SPDX-License-Identifier: Apache-2.0
"""Real containers of podman with crun, whose limits lie in the cgroup below the scope."""
import json

from harness.machine import until
from harness.points import expect, point

SCOPE = "/machine.slice/libpod-*"
MEGABYTE = 1 << 20


def make(machine, name, options, command):
    """Starts a container; its identifier."""
    answer = machine.run(f"podman run -d --name {name} {options} localhost/tiny:1 /bin/sh -c '{command}'", 240)
    expect(answer.code == 0, answer)
    return answer.out.strip().splitlines()[-1]


def remove(machine, name):
    """Ends a container; its cgroup is gone when this returns."""
    machine.run(f"podman rm -f -t 0 {name}")


@point("a container of podman appears with its labels, and conmon does not")
def appears(machine):
    identifier = make(machine, "burner", "--memory 64m --cpus 0.25 --pids-limit 50", "while :; do :; done")
    place = f"/machine.slice/libpod-{identifier}.scope"
    page = machine.page()
    found = page.all("vitald_container_info", id=SCOPE)
    expect([labels["id"] for labels, _ in found] == [place], f"{found}")
    expect(found[0][0]["runtime"] == "podman" and found[0][0]["name"] == identifier[:12], found[0])
    expect(not [1 for _, labels, _ in page.samples if "conmon" in labels.get("id", "")], "conmon has series")


@point("its CPU grows and is throttled at its quota")
def processor(machine):
    def figures():
        page = machine.page()
        return {name: page.one(f"container_{name}", id=SCOPE) for name in (
            "cpu_usage_seconds_total", "cpu_cfs_throttled_periods_total", "cpu_cfs_throttled_seconds_total",
            "spec_cpu_quota", "spec_cpu_period")}
    first = figures()
    expect(first["spec_cpu_quota"] == 25000 and first["spec_cpu_period"] == 100000, first)
    grown = until(lambda: figures()["cpu_usage_seconds_total"] > first["cpu_usage_seconds_total"], 20)
    expect(grown, f"CPU stands still at {first}")
    expect(figures()["cpu_cfs_throttled_periods_total"] > 0 < figures()["cpu_cfs_throttled_seconds_total"], figures())


@point("its limits are those of the payload below the scope: memory, processes")
def limits(machine):
    page = machine.page()
    expect(page.one("container_spec_memory_limit_bytes", id=SCOPE) == 64 * MEGABYTE,
           page.all("container_spec_memory_limit_bytes", id=SCOPE))
    expect(page.one("container_threads_max", id=SCOPE) == 50, page.all("container_threads_max", id=SCOPE))
    expect(page.one("container_processes", id=SCOPE) == 1, page.all("container_processes", id=SCOPE))
    used = page.one("container_memory_usage_bytes", id=SCOPE)
    expect(used is not None and 0 < used < 64 * MEGABYTE, used)


@point("its network is counted, unprivileged, in its own namespace")
def network(machine):
    def received():
        return machine.page().one("container_network_receive_bytes_total", id=SCOPE, interface="eth0")
    before = received()
    expect(before is not None, "no series for eth0")
    machine.run("ping -c 5 -i 0.2 -s 1000 $(podman inspect -f '{{.NetworkSettings.IPAddress}}' burner)")
    grown = until(lambda: received() >= before + 5000, 20)
    expect(grown, f"from {before} to {received()} after five pings of 1000 bytes")


@point("its start time is that of its process, and stays over a restart of vitald")
def start_time(machine):
    def told():
        return machine.page().one("container_start_time_seconds", id=SCOPE)
    first = told()
    real = machine.run("date -d \"$(podman inspect -f '{{.State.StartedAt}}' burner | cut -c1-19)Z\" +%s").out
    now = machine.run("date +%s").out
    expect(first is not None and abs(first - int(now)) < 600, f"{first}, now {now}, started {real}")
    machine.run("systemctl restart vitald")
    expect(until(lambda: told() == first, 20), f"{first} became {told()}")


@point("as root it has the name and the image that podman gave it")
def names(machine):
    machine.write("/etc/systemd/system/vitald.service.d/root.conf", "[Service]\nUser=root\nGroup=root\n")
    machine.run("systemctl daemon-reload; systemctl restart vitald")
    try:
        found = until(lambda: machine.page().all("vitald_container_info", id=SCOPE, name="burner"), 20)
        expect(found and found[0][0]["image"].startswith("localhost/tiny"),
               machine.page().all("vitald_container_info", id=SCOPE))
    finally:
        machine.run("rm -r /etc/systemd/system/vitald.service.d; systemctl daemon-reload; systemctl restart vitald")
        until(lambda: machine.page().samples, 30)


@point("the socket tells percentages of its quota")
def percentages(machine):
    def quota():
        answer = machine.run("vitalctl --json containers")
        rows = json.loads(answer.out)["containers"] if answer.code == 0 else []
        return [row for row in rows if row["runtime"] == "podman" and row.get("cpu_percent_of_quota", 0) > 50]
    found = until(quota, 40)
    expect(found and found[0]["cpu_percent_of_quota"] < 150, machine.run("vitalctl --json containers"))


@point("removed, it has no series in the next scrape")
def removed(machine):
    expect(machine.page().all("container_cpu_usage_seconds_total", id=SCOPE), "it had none before")
    remove(machine, "burner")
    left = [labels for _, labels, _ in machine.page().samples if labels.get("id", "").startswith(SCOPE[:-1])]
    expect(not left, left[:3])


@point("a container that eats its memory is counted as OOM-killed")
def eaten(machine):
    make(machine, "eater", "--memory 32m --memory-swap 32m",
         "while :; do sh -c \"x=xxxxxxxxxxxxxxxx; while :; do x=\\$x\\$x; done\"; sleep 1; done")
    try:
        killed = until(lambda: machine.page().one("container_oom_events_total", id=SCOPE), 60)
        expect(killed, machine.page().all("container_oom_events_total", id=SCOPE))
        expect(machine.page().one("container_memory_failcnt", id=SCOPE), "memory_failcnt is 0")
    finally:
        remove(machine, "eater")


@point("systemd's services have series under their units, also a template's instance")
def units(machine):
    page = machine.page()
    for unit in ("redis-server.service", "postgresql@15-main.service", "vitald.service"):
        found = page.all("vitald_container_info", unit=unit, runtime="systemd", name="")
        expect(len(found) == 1, f"{unit}: {found}")
        expect(page.one("container_memory_usage_bytes", id=found[0][0]["id"]), f"{unit} has no memory")
    answer = machine.run("systemd-run --unit 'odd\\x2dname.service' sleep 600")
    expect(answer.code == 0, answer)
    odd = until(lambda: machine.page().all("vitald_container_info", unit="odd*"), 20)
    parsed = machine.run("curl -s http://127.0.0.1:9847/metrics | promtool check metrics")
    machine.run("systemctl stop 'odd\\x2dname.service'")
    expect(odd and parsed.code in (0, 3), f"{odd} {parsed}")
