# SPDX-License-Identifier: Apache-2.0
"""One sidecar beside one agent."""
import json

from harness.machine import until
from harness.points import expect, point

AGENT = "[Unit]\nDescription=Agent of the tests\n[Service]\nExecStart=/bin/sleep infinity\n"


def states(machine, name):
    """What systemd says of a sidecar, its sockets and its bond."""
    units = (f"vitald@{name}.service", f"vitald@{name}.socket", f"vitald-http@{name}.socket", f"vitald@{name}.target")
    return [machine.service(unit)["ActiveState"] for unit in units]


def identity(machine, name):
    """What changes when a sidecar or one of its sockets is another one than before."""
    place = f"/run/vitald/{name}"
    sockets = machine.run(f"stat -c %i '{place}/vitald.sock' '{place}/http.sock'")
    return machine.service(f"vitald@{name}")["MainPID"], sockets.out.split()


def serves(machine, name):
    """Whether a sidecar answers at both of its sockets."""
    place = f"/run/vitald/{name}"
    return machine.run(f"vitalctl --json -i '{name}' status && "
                       f"curl -sS -o /dev/null --unix-socket '{place}/http.sock' http://vitald/livez").code == 0


def level(machine, name):
    """The overall status as a sidecar tells it."""
    answer = machine.run(f"vitalctl --json -i '{name}' status")
    return json.loads(answer.out).get("status") if answer.code == 0 else None


@point("vitald@agno@1 starts and ends with agno@1.service, with sockets of its own")
def lives_with_agent(machine):
    machine.write("/etc/systemd/system/agno@.service", AGENT)
    answer = machine.run("systemctl daemon-reload; systemctl enable vitald@agno@1 && systemctl start agno@1")
    expect(answer.code == 0, answer)
    expect(until(lambda: states(machine, "agno@1") == ["active"] * 4, 40), lambda: states(machine, "agno@1"))
    expect(serves(machine, "agno@1"), lambda: machine.run("journalctl -u vitald@agno@1 -n 9 --no-pager"))
    found = machine.run("stat -c '%a %G' /run/vitald/agno@1/vitald.sock /run/vitald/agno@1/http.sock").out.split("\n")
    expect(found[:2] == ["660 vitald"] * 2, found)
    # It watches this unit and no other.
    page = machine.run("curl -sS --unix-socket /run/vitald/agno@1/http.sock http://vitald/metrics").out
    expect('unit="agno@1.service"' in page and 'unit="redis-server.service"' not in page, lambda: page[:600])
    before = identity(machine, "agno@1")
    answer = machine.run("systemctl restart agno@1")
    expect(answer.code == 0 and serves(machine, "agno@1"), answer)
    expect(identity(machine, "agno@1") == before, lambda: f"{before}, then {identity(machine, 'agno@1')}")
    machine.run("systemctl stop agno@1")
    expect(until(lambda: states(machine, "agno@1") == ["inactive"] * 4, 40), lambda: states(machine, "agno@1"))
    expect(machine.run("ls /run/vitald/agno@1/*.sock").code != 0, "sockets were left")
    expect(machine.service()["ActiveState"] == "active", "it took the machine's own vitald along")


@point("an agent that dies leaves its sidecar, which says so; the name may hold \\x2d")
def outlives_agent(machine):
    name = "my\\x2dagent"
    machine.write(f"/etc/systemd/system/{name}.service", AGENT)
    answer = machine.run(f"systemctl daemon-reload; systemctl enable 'vitald@{name}' && systemctl start '{name}'")
    expect(answer.code == 0, answer)
    told = until(lambda: level(machine, name) == "healthy", 60)
    expect(told, lambda: machine.run(f"journalctl -u 'vitald@{name}' -n 9 --no-pager"))
    machine.run(f"systemctl kill -s KILL '{name}'")
    told = until(lambda: level(machine, name) == "unhealthy", 90)
    expect(told and states(machine, name) == ["active"] * 4, lambda: f"{level(machine, name)} {states(machine, name)}")
    # The operator gives the agent up: its sidecar goes, though the agent was dead before.
    machine.run(f"systemctl stop '{name}'")
    told = until(lambda: states(machine, name) == ["inactive"] * 4, 40)
    expect(told, lambda: states(machine, name))


@point("an agent that systemd brings back again and again keeps its sidecar, the sockets and who asks there")
def outlives_restarts(machine):
    unit = AGENT + "Restart=always\nRestartSec=100ms\n[Unit]\nStartLimitIntervalSec=0\n"
    machine.write("/etc/systemd/system/again.service", unit)
    answer = machine.run("systemctl daemon-reload; systemctl enable vitald@again && systemctl start again")
    expect(answer.code == 0 and until(lambda: level(machine, "again") == "healthy", 60), answer)
    before = identity(machine, "again")
    for _ in range(3):
        pid = machine.service("again")["MainPID"]
        machine.run("systemctl kill -s KILL again")
        back = until(lambda: machine.service("again")["MainPID"] not in ("", "0", pid), 40)
        expect(back, lambda: machine.service("again"))
    expect(machine.service("again")["NRestarts"] == "3", lambda: machine.service("again"))
    expect(identity(machine, "again") == before, lambda: f"{before}, then {identity(machine, 'again')}")
    expect(serves(machine, "again") and states(machine, "again") == ["active"] * 4, lambda: states(machine, "again"))
    machine.run("systemctl stop again")
    expect(until(lambda: states(machine, "again") == ["inactive"] * 4, 40), lambda: states(machine, "again"))


@point("an agent that asks before it is ready itself is answered, by its own sidecar without naming it")
def asked_early(machine):
    unit = AGENT.replace("[Service]\n", "[Service]\nExecStartPre=/usr/bin/vitalctl --json status\n"
                         "ExecStartPre=/usr/bin/vitalctl --json checks\n")
    machine.write("/etc/systemd/system/asks.service", unit)
    answer = machine.run("systemctl daemon-reload; systemctl enable vitald@asks && systemctl start asks")
    expect(answer.code == 0, lambda: f"{answer} {machine.run('journalctl -u asks -n 9 --no-pager').out}")
    told = machine.run("journalctl -u asks -o cat --no-pager").out
    # It has not seen its agent run yet, and does not call it dead for that.
    expect('"status":"unhealthy"' not in told and '"name":"memory"' in told, told)
    expect('"name":"database"' not in told, told)
    expect(until(lambda: level(machine, "asks") == "healthy", 60), lambda: machine.run("vitalctl -i asks status"))
    machine.run("systemctl stop asks")
