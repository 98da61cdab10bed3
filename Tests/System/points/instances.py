# SPDX-License-Identifier: Apache-2.0
"""One sidecar beside one agent."""
import json

from harness.machine import until
from harness.points import expect, point

AGENT = "[Unit]\nDescription=Agent of the tests\n[Service]\nExecStart=/bin/sleep infinity\n"


def states(machine, name):
    """What systemd says of a sidecar and its sockets."""
    units = (f"vitald@{name}.service", f"vitald@{name}.socket", f"vitald-http@{name}.socket")
    return [machine.service(unit)["ActiveState"] for unit in units]


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
    expect(until(lambda: states(machine, "agno@1") == ["active"] * 3, 40), states(machine, "agno@1"))
    expect(serves(machine, "agno@1"), machine.run("journalctl -u vitald@agno@1 -n 9 --no-pager"))
    found = machine.run("stat -c '%a %G' /run/vitald/agno@1/vitald.sock /run/vitald/agno@1/http.sock").out.split("\n")
    expect(found[:2] == ["660 vitald"] * 2, found)
    # It watches this unit and no other.
    page = machine.run("curl -sS --unix-socket /run/vitald/agno@1/http.sock http://vitald/metrics").out
    expect('unit="agno@1.service"' in page and 'unit="redis-server.service"' not in page, page[:600])
    pid = machine.service("vitald@agno@1")["MainPID"]
    machine.run("systemctl restart agno@1")
    back = until(lambda: machine.service("vitald@agno@1")["MainPID"] not in ("0", pid) and serves(machine, "agno@1"), 40)
    expect(back, states(machine, "agno@1"))
    machine.run("systemctl stop agno@1")
    expect(until(lambda: states(machine, "agno@1") == ["inactive"] * 3, 40), states(machine, "agno@1"))
    expect(machine.run("ls /run/vitald/agno@1/*.sock").code != 0, "sockets were left")
    expect(machine.service()["ActiveState"] == "active", "it took the machine's own vitald along")


@point("an agent that dies leaves its sidecar, which says so; the name may hold \\x2d")
def outlives_agent(machine):
    name = "my\\x2dagent"
    machine.write(f"/etc/systemd/system/{name}.service", AGENT)
    answer = machine.run(f"systemctl daemon-reload; systemctl enable 'vitald@{name}' && systemctl start '{name}'")
    expect(answer.code == 0, answer)
    told = until(lambda: level(machine, name) == "healthy", 60)
    expect(told, machine.run(f"journalctl -u 'vitald@{name}' -n 9 --no-pager"))
    machine.run(f"systemctl kill -s KILL '{name}'")
    told = until(lambda: level(machine, name) == "unhealthy", 90)
    expect(told and states(machine, name) == ["active"] * 3, f"{level(machine, name)} {states(machine, name)}")
    machine.run(f"systemctl stop 'vitald@{name}.socket' 'vitald-http@{name}.socket' 'vitald@{name}.service'")
