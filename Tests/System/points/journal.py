# SPDX-License-Identifier: Apache-2.0
"""The real journal, read as the user vitald in its sandbox."""
import json

from harness.machine import until
from harness.points import expect, point

UNIT = "noisy.service"


def say(machine, *numbers):
    """A unit writes an error for each number."""
    words = " ".join(str(number) for number in numbers)
    # The manager's own lines about the unit count as its lines, and would quote the command as its description.
    machine.run(f"systemd-run -q --wait --description noise --unit {UNIT} sh -c 'for i in {words}; do echo \"<3>Out of memory $i\"; done'")


def errors(machine):
    """How many errors of the unit are on the page."""
    return machine.page().one("vitald_journal_messages_total", unit=UNIT, priority="err") or 0


def begin(machine):
    """Has the unit's journal read from now on."""
    if "noisy" in machine.run("cat /etc/vitald/config.json").out:
        return
    configuration = json.loads(machine.run("cat /etc/vitald/config.json").out)
    configuration["journal"] = {"units": [UNIT], "patterns": [{"name": "memory", "match": "Out of memory"}]}
    configuration["checks"].append({"name": "noise", "type": "journal", "unit": UNIT, "window": "1h", "failErrors": 3,
                                    "impact": "info"})
    machine.write("/etc/vitald/config.json", json.dumps(configuration))
    answer = machine.run("systemctl reload vitald")
    expect(answer.code == 0, answer)
    read = until(lambda: machine.page().one("vitald_collector_success", collector="journal") == 1, 40)
    expect(read, machine.journal("-n", "9"))


@point("errors of a unit are counted, sought through, judged, and shown by vitalctl logs")
def counted(machine):
    begin(machine)
    say(machine, 1, 2, 3, 4, 5)
    expect(until(lambda: errors(machine) == 5, 40), f"{errors(machine)} errors")
    expect(machine.page().one("vitald_journal_pattern_matches_total", pattern="memory", unit=UNIT) == 5,
           machine.page().all("vitald_journal_pattern_matches_total"))
    bad = until(lambda: machine.page().one("vitald_check_status", check="noise", status="unhealthy") == 1, 60)
    expect(bad, machine.run("vitalctl checks noise"))
    told = machine.run(f"vitalctl logs {UNIT}")
    expect(told.code == 0 and "Out of memory 5" in told.out, told)


@point("a rotation, a vacuum and a restart of journald lose no line and leave no file open")
def rotated(machine):
    begin(machine)
    before, pid = errors(machine), machine.service()["MainPID"]
    for number in range(3):
        machine.run("journalctl --rotate; journalctl --vacuum-files=1")
        say(machine, f"again{number}")
    machine.run("systemctl restart systemd-journald")
    say(machine, "last")
    expect(until(lambda: errors(machine) == before + 4, 60), f"{before} errors became {errors(machine)}")
    told = machine.run(f"vitalctl logs {UNIT}")
    expect("Out of memory last" in told.out, told)
    held = f"ls -l /proc/{pid}/fd | grep deleted | grep journal"
    expect(until(lambda: machine.run(held).code == 1, 60), machine.run(held))
    expect(machine.service()["MainPID"] == pid, "another process")
