# SPDX-License-Identifier: Apache-2.0
"""Real containers of podman with crun, whose limits lie in the cgroup below the scope."""
import json

from harness.machine import until
from harness.points import expect, point

SCOPE = "/machine.slice/libpod-*"
MEGABYTE = 1 << 20
FRESHNESS = 1


def make(machine, name, options, command):
    """Starts a container; its identifier."""
    answer = machine.run(f"podman run -d --name {name} {options} localhost/tiny:1 /bin/sh -c '{command}'", 240)
    expect(answer.code == 0, answer)
    return answer.out.strip().splitlines()[-1]


def burner(machine):
    """The container that most points look at, started where it is not there; its cgroup."""
    identifier = machine.run("podman container inspect -f '{{.Id}}' burner 2> /dev/null").out.strip()
    identifier = identifier or make(
        machine, "burner", "--memory 64m --cpus 0.25 --pids-limit 50", "while :; do :; done")
    place = f"/machine.slice/libpod-{identifier}.scope"
    # A page may be a second old.
    expect(until(lambda: machine.page().all("vitald_container_info", id=place), 10), f"no {place} on the page")
    return place


def by_socket(machine, select):
    """The only container or unit that this picks, as the socket tells it; empty where none is picked."""
    rows = machine.ask("container", select=select).get("result", {}).get("containers", [])
    expect(len(rows) < 2, lambda: f"{select} picks {[row['id'] for row in rows]}")
    return rows[0] if rows else {}


def remove(machine, name):
    """Ends a container; its cgroup is gone when this returns."""
    machine.run(f"podman rm -f -t 0 {name}")


@point("a container of podman appears with its labels, and conmon does not")
def appears(machine):
    place = burner(machine)
    page = machine.page()
    found = page.all("vitald_container_info", id=SCOPE)
    expect([labels["id"] for labels, _ in found] == [place], f"{found}")
    expect(found[0][0]["runtime"] == "podman" and found[0][0]["name"] == place[22:34], lambda: found[0])
    expect(not [1 for _, labels, _ in page.samples if "conmon" in labels.get("id", "")], "conmon has series")


@point("its CPU grows and is throttled at its quota")
def processor(machine):
    burner(machine)

    def figures():
        page = machine.page()
        return {name: page.one(f"container_{name}", id=SCOPE) for name in (
            "cpu_usage_seconds_total", "cpu_cfs_throttled_periods_total", "cpu_cfs_throttled_seconds_total",
            "spec_cpu_quota", "spec_cpu_period")}
    first = figures()
    expect(first["spec_cpu_quota"] == 25000 and first["spec_cpu_period"] == 100000, first)
    expect(first["cpu_usage_seconds_total"] is not None, first)
    grown = until(lambda: (figures()["cpu_usage_seconds_total"] or 0) > first["cpu_usage_seconds_total"], 20)
    expect(grown, f"CPU stands still at {first}")
    throttled = figures()
    expect((throttled["cpu_cfs_throttled_periods_total"] or 0) > 0, throttled)
    expect((throttled["cpu_cfs_throttled_seconds_total"] or 0) > 0, throttled)


@point("its limits are those of the payload below the scope: memory, processes")
def limits(machine):
    burner(machine)
    page = machine.page()
    expect(page.one("container_spec_memory_limit_bytes", id=SCOPE) == 64 * MEGABYTE,
           lambda: page.all("container_spec_memory_limit_bytes", id=SCOPE))
    expect(page.one("container_threads_max", id=SCOPE) == 50, lambda: page.all("container_threads_max", id=SCOPE))
    expect(page.one("container_processes", id=SCOPE) == 1, lambda: page.all("container_processes", id=SCOPE))
    used = page.one("container_memory_usage_bytes", id=SCOPE)
    expect(used is not None and 0 < used < 64 * MEGABYTE, used)


@point("its network is counted, unprivileged, in its own namespace")
def network(machine):
    burner(machine)

    def received():
        return machine.page().one("container_network_receive_bytes_total", id=SCOPE, interface="eth0")
    before = received()
    expect(before is not None, "no series for eth0")
    machine.run("ping -c 5 -i 0.2 -s 1000 $(podman inspect -f '{{.NetworkSettings.IPAddress}}' burner)")
    grown = until(lambda: (received() or 0) >= before + 5000, 20)
    expect(grown, lambda: f"from {before} to {received()} after five pings of 1000 bytes")


@point("its start time is that of its process, and stays over a restart of vitald")
def start_time(machine):
    burner(machine)

    def told():
        return machine.page().one("container_start_time_seconds", id=SCOPE)
    first = told()
    real = machine.run("date -d \"$(podman inspect -f '{{.State.StartedAt}}' burner | cut -c1-19)Z\" +%s").out
    # podman looks at the clock when the runtime has come back, which takes seconds where processors are emulated.
    expect(first is not None and -2 < int(real) - first < 15, f"{first}, by podman {real}")
    machine.run("systemctl restart vitald")
    expect(until(lambda: told() == first, 20), lambda: f"{first} became {told()}")


@point("as root it has the name and the image that podman gave it")
def names(machine):
    burner(machine)
    machine.write("/etc/systemd/system/vitald.service.d/root.conf", "[Service]\nUser=root\nGroup=root\n")
    machine.run("systemctl daemon-reload; systemctl restart vitald")
    try:
        found = until(lambda: machine.page().all("vitald_container_info", id=SCOPE, name="burner"), 20)
        expect(found and found[0][0]["image"].startswith("localhost/tiny"),
               lambda: machine.page().all("vitald_container_info", id=SCOPE))
        series = machine.page().all("container_memory_usage_bytes", id=SCOPE)
        expect(len(series) == 1 and series[0][0]["name"] == "burner", series)
        row = by_socket(machine, "burner")
        expect(row.get("name") == "burner" and row["image"] == found[0][0]["image"], row)
        table = machine.run("vitalctl containers burner").out
        expect("burner" in table and "podman" in table, table)
    finally:
        machine.run("rm -r /etc/systemd/system/vitald.service.d; systemctl daemon-reload; systemctl restart vitald")
        until(lambda: machine.page().samples, 30)
    expect(not machine.page().all("vitald_container_info", name="burner"), "podman's files are open to everybody")


@point("the socket and vitalctl tell percentages of its quota, which are those of its cpu.stat")
def percentages(machine):
    place = burner(machine)

    def used():
        text = machine.run(f"head -n 1 /sys/fs/cgroup{place}/cpu.stat; cut -d ' ' -f 1 /proc/uptime").out.split()
        return int(text[1]) / 1e6, float(text[2])
    # The first answer has nothing to compare with; this one covers the time since.
    until(lambda: "throttled_percent" in by_socket(machine, SCOPE), 40)
    before = used()
    until(lambda: used()[1] > before[1] + 3, 30)
    row = by_socket(machine, SCOPE)
    after = used()
    real = 100 * (after[0] - before[0]) / (after[1] - before[1]) / 0.25
    expect({"cpu_percent", "cpu_percent_of_quota", "throttled_percent"} <= row.keys(), row)
    expect(50 < real < 150 and abs(row["cpu_percent_of_quota"] - real) < 25, f"by cpu.stat {real}, told {row}")
    expect(abs(row["cpu_percent_of_quota"] / row["cpu_percent"] - 4) < 0.01, row)
    expect(0 < row["throttled_percent"] <= 100, row)
    answer = machine.run(f"vitalctl --json containers '{SCOPE}'")
    rows = json.loads(answer.out)["containers"]
    expect(len(rows) == 1 and 50 < rows[0].get("cpu_percent_of_quota", 0) < 150, answer)


@point("removed, it has no series in the next scrape")
def removed(machine):
    place = burner(machine)
    # Scrapes without a pause while it is removed: when each began, whether the cgroup was there, how many series.
    answer = machine.run(f"""
podman rm -f -t 0 burner > /dev/null 2>&1 &
gone=; end=$((SECONDS + 60))
while [ $SECONDS -lt $end ]; do
    [ -d /sys/fs/cgroup{place} ] && there=1 || there=0
    begun=$EPOCHREALTIME
    echo $begun $there $(curl -s http://127.0.0.1:9847/metrics | tee /tmp/page | grep -cF 'id="{place}') $(wc -l < /tmp/page)
    [ $there = 1 ] || gone=${{gone:-$SECONDS}}
    [ -z "$gone" ] || [ $SECONDS -lt $((gone + 4)) ] || break
done
wait""")
    scrapes = [(float(begun), there == "1", int(series), int(lines)) for begun, there, series, lines in (
        line.split() for line in answer.out.splitlines())]
    expect(scrapes and scrapes[0][1] and scrapes[0][2] > 20, f"it had no series before: {answer}")
    expect(min(lines for *_, lines in scrapes) > 100, f"pages without content: {answer}")
    gone = next((begun for begun, there, *_ in scrapes if not there), None)
    expect(gone, f"it is not gone: {answer}")
    # No figure is older than a second: that is how long a page from just before may still stand for the next.
    late = [scrape for scrape in scrapes if scrape[0] > gone + FRESHNESS]
    expect(late and not any(series for _, _, series, _ in late), f"gone at {gone}: {answer}")
    row = by_socket(machine, SCOPE)
    expect(row == {}, row)


@point("a container that eats its memory is counted as OOM-killed")
def eaten(machine):
    make(machine, "eater", "--memory 32m --memory-swap 32m",
         "while :; do sh -c \"x=xxxxxxxxxxxxxxxx; while :; do x=\\$x\\$x; done\"; sleep 1; done")
    try:
        killed = until(lambda: machine.page().one("container_oom_events_total", id=SCOPE), 60)
        expect(killed, lambda: machine.page().all("container_oom_events_total", id=SCOPE))
        expect(machine.page().one("container_memory_failcnt", id=SCOPE), "memory_failcnt is 0")
        place = until(lambda: by_socket(machine, SCOPE).get("id"), 20)
        expect(place, "the socket does not tell its cgroup")

        def kernel():
            return int(machine.run(f"grep '^oom_kill ' /sys/fs/cgroup{place}/memory.events").out.split()[1])
        # It goes on: what is told lies between what the kernel says before and after.
        first = kernel()
        expect(first > 0 and until(lambda: (by_socket(machine, SCOPE).get("oom_kills") or 0) >= first, 30),
               lambda: f"memory.events says {first}, the socket {by_socket(machine, SCOPE)}")
        told = machine.page().one("container_oom_events_total", id=SCOPE)
        expect(first <= told <= kernel(), lambda: f"{first}, told {told}, {kernel()}")
    finally:
        remove(machine, "eater")


@point("systemd's services have series under their units, also a template's instance")
def units(machine):
    page = machine.page()
    for unit in ("redis-server.service", "postgresql@15-main.service", "vitald.service"):
        found = page.all("vitald_container_info", unit=unit, runtime="systemd", name="")
        expect(len(found) == 1, f"{unit}: {found}")
        expect(page.one("container_memory_usage_bytes", id=found[0][0]["id"]), f"{unit} has no memory")


@point("a unit whose name holds \\x2d has its right name, and the page stays one that Prometheus reads")
def escaped(machine):
    unit, plain = r"my\x2ddash.service", "my-dash.service"
    place = f"/system.slice/{unit}"
    answer = machine.run(f"systemd-run --unit '{unit}' sleep 600; systemctl show -P ControlGroup '{unit}'")
    expect(answer.out.strip() == place, answer)
    try:
        until(lambda: machine.page().all("vitald_container_info", id=place), 20)
        page = machine.page()
        found = page.all("vitald_container_info", unit="my*")
        expect(len(found) == 1 and found[0][0]["unit"] == plain and found[0][0]["id"] == place, found)
        expect(r'vitald_container_info{id="/system.slice/my\\x2ddash.service",' in page.text, "not escaped as it must")
        expect(page.one("container_memory_usage_bytes", id=place), "it has no memory")
        parsed = machine.run("curl -s http://127.0.0.1:9847/metrics | promtool check metrics")
        expect(parsed.code in (0, 3), parsed)
        # The plain name and the one that systemctl shows both lead to it.
        for name in (unit, plain, place):
            row = by_socket(machine, name)
            expect(row.get("id") == place and row["unit"] == plain and row["status"] == "running", f"{name}: {row}")
        table = machine.run(f"vitalctl containers '{unit}'")
        expect(table.code == 0 and plain in table.out, table)
    finally:
        machine.run(f"systemctl stop '{unit}'")
    expect(until(lambda: not machine.page().all("vitald_container_info", id=place), 10), "stopped, it is still there")


@point("a unit without a limit is bounded by its slice: the page, the socket and vitalctl name the slice")
def bounded(machine):
    limit, place = 256 * MEGABYTE, "/bounded.slice/bounded-unit.service"
    machine.write("/run/systemd/system/bounded.slice", "[Slice]\nMemoryMax=256M\n")
    answer = machine.run(
        "systemctl daemon-reload; systemd-run --slice bounded.slice --unit bounded-unit sleep 600; "
        "systemctl show -P ControlGroup bounded-unit")
    expect(answer.out.strip().splitlines()[-1:] == [place], answer)
    try:
        name = "vitald_container_effective_memory_limit_bytes"
        found = until(lambda: machine.page().all(name, id=place), 20)
        expect(found and found[0][0]["level"] == "/bounded.slice" and found[0][1] == limit, found)
        page = machine.page()
        expect(page.one("container_spec_memory_limit_bytes", id=place) == 0, "its own file says max")
        left = page.all("vitald_container_memory_available_bytes", id=place)
        expect(len(left) == 1 and 0 < left[0][1] <= limit, left)
        row = by_socket(machine, "bounded-unit.service")
        expect(row.get("effective_memory_limit_bytes") == limit and
               row["effective_memory_limit_level"] == "/bounded.slice" and
               row["memory_percent_level"] == "/bounded.slice", row)
        table = machine.run("vitalctl containers bounded-unit.service")
        expect("256 MiB" in table.out and "/bounded.slice" in table.out, table)
    finally:
        machine.run("systemctl stop bounded-unit.service bounded.slice; rm /run/systemd/system/bounded.slice; "
                    "systemctl daemon-reload")
