# SPDX-License-Identifier: Apache-2.0
"""The real journal, read as the user vitald in its sandbox."""
import json

from harness.machine import until
from harness.points import expect, point

UNIT = "noisy.service"
DROP_IN = "/etc/systemd/system/vitald.service.d/journal.conf"
SOCKETS = "systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket"
# Written beside a standstill of vitald, so in one go: as many errors as are asked for, each with this word.
TALK = f"""talk() {{ systemd-run -q --wait --description noise --unit {UNIT} sh -c \
'for i in $(seq $0); do echo "<3>$1 $i"; done' $1 $2; }}
"""


def say(machine, *numbers):
    """A unit writes an error for each number."""
    words = " ".join(str(number) for number in numbers)
    # The manager's own lines about the unit count as its lines, and would quote the command as its description.
    machine.run(f"systemd-run -q --wait --description noise --unit {UNIT} sh -c 'for i in {words}; do echo \"<3>Out of memory $i\"; done'")


def errors(machine):
    """How many errors of the unit are on the page."""
    return machine.page().one("vitald_journal_messages_total", unit=UNIT, priority="err") or 0


def dropped(machine):
    """How many entries of the journal vitald says to have missed."""
    return sum(value for _, value in machine.page().all("vitald_dropped_total", what="journal"))


def lag(machine):
    """How many seconds the reading is behind."""
    return machine.page().one("vitald_journal_lag_seconds")


def files(machine, pid):
    """How many journal files it has open."""
    return int(machine.run(f"readlink /proc/{pid}/fd/* | grep -c '[.]journal'").out)


def restart(machine, text):
    """Restarts vitald with these lines in its unit; its pid."""
    machine.write(DROP_IN, text)
    answer = machine.run("systemctl daemon-reload && systemctl restart vitald", 120)
    expect(answer.code == 0, answer)
    return machine.service()["MainPID"]


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
    expect(read, lambda: machine.journal("-n", "9"))


@point("errors of a unit are counted, sought through, judged, and shown by vitalctl logs")
def counted(machine):
    begin(machine)
    say(machine, 1, 2, 3, 4, 5)
    expect(until(lambda: errors(machine) == 5, 40), lambda: f"{errors(machine)} errors")
    expect(machine.page().one("vitald_journal_pattern_matches_total", pattern="memory", unit=UNIT) == 5,
           lambda: machine.page().all("vitald_journal_pattern_matches_total"))
    bad = until(lambda: machine.page().one("vitald_check_status", check="noise", status="unhealthy") == 1, 60)
    expect(bad, lambda: machine.run("vitalctl checks noise"))
    told = machine.run(f"vitalctl logs {UNIT}")
    expect(told.code == 0 and "Out of memory 5" in told.out, told)


@point("a rotation, a vacuum and a restart of journald lose no line and leave no file open")
def rotated(machine):
    begin(machine)
    before, pid, missed = errors(machine), machine.service()["MainPID"], dropped(machine)
    for number in range(3):
        # What the vacuum takes shall have been read.
        expect(until(lambda: lag(machine) == 0, 60), lambda: f"it lags {lag(machine)} s behind")
        machine.run("journalctl --rotate; journalctl --vacuum-files=1")
        say(machine, f"again{number}")
    machine.run("systemctl restart systemd-journald")
    say(machine, "last")
    expect(until(lambda: errors(machine) == before + 4, 60), lambda: f"{before} errors became {errors(machine)}")
    told = machine.run(f"vitalctl logs {UNIT}")
    expect("Out of memory last" in told.out, told)
    held = f"ls -l /proc/{pid}/fd | grep deleted | grep journal"
    expect(until(lambda: machine.run(held).code == 1, 60), lambda: machine.run(held))
    expect(dropped(machine) == missed, lambda: f"nothing was lost, and {dropped(machine) - missed} are told to be")
    expect(machine.service()["MainPID"] == pid, "another process")


@point("entries that are vacuumed before vitald can read them are counted as dropped, the others are read")
def vacuumed(machine):
    begin(machine)
    before, pid, missed = errors(machine), machine.service()["MainPID"], dropped(machine)
    # journald empties what it vacuums, so that of a file that is open still nothing is left to be read either.
    answer = machine.run(TALK + f"""kill -STOP {pid}
talk 5 open; journalctl -q --rotate; talk 7 unseen; journalctl -q --rotate; journalctl -q --vacuum-files=1
talk 3 after; kill -CONT {pid}""", 60)
    expect(answer.code == 0, answer)
    read = until(lambda: errors(machine) >= before + 3 and errors(machine), 60)
    expect(read in (before + 3, before + 8), f"{before} errors became {read}")
    lost = 15 - (read - before)
    expect(until(lambda: dropped(machine) >= missed + lost, 20), lambda: f"{lost} lost, dropped {dropped(machine)}")
    expect(machine.service()["MainPID"] == pid, "another process")


@point("journald stopped for a while and started: vitald stays, and reads on")
def stopped(machine):
    begin(machine)
    before, pid = errors(machine), machine.service()["MainPID"]
    machine.run(f"systemctl stop {SOCKETS} systemd-journald", 60)
    try:
        state = machine.run("systemctl is-active systemd-journald").out.strip()
        expect(state == "inactive", f"journald is {state}")
        expect(machine.page().samples and machine.service()["MainPID"] == pid, "vitald went with journald")
    finally:
        machine.run(f"systemctl start {SOCKETS} systemd-journald", 60)
    say(machine, "then")
    expect(until(lambda: errors(machine) == before + 1, 60), lambda: f"{before} errors became {errors(machine)}")
    expect(machine.service()["MainPID"] == pid, "another process")


@point("beside fifty archived files, restarted, it remembers, stays below 18 MiB and opens only what is written to")
def archived(machine):
    begin(machine)
    say(machine, 1, 2, 3)
    machine.run("for i in $(seq 50); do logger filler $i; journalctl -q --rotate; done", 300)
    pid = restart(machine, "")
    bad = until(lambda: machine.page().one("vitald_check_status", check="noise", status="unhealthy") == 1, 60)
    expect(bad and errors(machine) == 0,
           lambda: f"{errors(machine)} counted; " + machine.run("vitalctl checks noise").out)
    expect("Out of memory 3" in machine.run("vitalctl logs").out, lambda: machine.run("vitalctl logs"))
    machine.run(TALK + "talk 2000 much; talk 2000 more", 120)
    expect(until(lambda: errors(machine) == 4000, 60), lambda: f"{errors(machine)} of 4000")

    def resident():
        return int(machine.run(f"grep VmRSS /proc/{pid}/status").out.split()[1])
    expect(until(lambda: resident() < 18 * 1024, 60), lambda: f"{resident()} KiB")
    there = int(machine.run("ls /var/log/journal/*/*@* /run/log/journal/*/*@* 2> /dev/null | wc -l").out)
    few = until(lambda: files(machine, pid) <= 3, 60)
    expect(there >= 30 and few, lambda: f"{files(machine, pid)} open beside {there} archived")
    expect(dropped(machine) == 0, lambda: f"dropped {dropped(machine)}")


@point("without the group systemd-journal it says so once and its check is unknown; without a journal it loads no library")
def denied(machine):
    begin(machine)
    pid = restart(machine, "[Service]\nSupplementaryGroups=\n")
    try:
        told = until(lambda: "systemd-journal" in machine.journal(f"_PID={pid}"), 60)
        expect(told, lambda: machine.journal("-n", "9"))
        unknown = until(lambda: "journal.denied" in machine.run("vitalctl checks noise").out, 30)
        expect(unknown, lambda: machine.run("vitalctl checks noise"))
        expect(machine.page().one("vitald_collector_success", collector="journal") == 0, "the collector has success")
        lag = until(lambda: (machine.page().one("vitald_journal_lag_seconds") or 0) > 0, 30)
        expect(lag, "no lag of what cannot be read")
        answer = machine.run("vitalctl logs")
        expect(answer.code == 0 and "SupplementaryGroups=systemd-journal" in answer.err, answer)
        count = machine.journal(f"_PID={pid}").count("SupplementaryGroups=systemd-journal")
        expect(count <= 2, lambda: f"said {count} times: {machine.journal(f'_PID={pid}')}")
    finally:
        machine.run(f"rm {DROP_IN}; systemctl daemon-reload; systemctl restart vitald", 60)
    success = until(lambda: machine.page().one("vitald_collector_success", collector="journal") == 1, 30)
    expect(success, lambda: machine.journal("-n", "9"))
    configuration = json.loads(machine.run("cat /etc/vitald/config.json").out)
    del configuration["journal"]
    configuration["checks"] = [check for check in configuration["checks"] if check["type"] != "journal"]
    machine.write("/etc/vitald/config.json", json.dumps(configuration))
    machine.run("systemctl restart vitald", 60)
    maps = machine.run(f"grep -c libsystemd /proc/{machine.service()['MainPID']}/maps").out.strip()
    expect(maps == "0", f"a vitald that reads no journal has libsystemd loaded: {maps}")
