# SPDX-License-Identifier: Apache-2.0
"""Stalls, stops and starts that must not succeed."""
import time

from harness.machine import until
from harness.points import expect, point


@point("stopped with SIGSTOP it is restarted by systemd's watchdog")
def watchdog(machine):
    before = machine.service()
    machine.run(f"kill -STOP {before['MainPID']}")
    start = time.monotonic()

    def restarted():
        now = machine.service()
        return now["MainPID"] not in ("", "0", before["MainPID"]) and now["ActiveState"] == "active"
    back = until(restarted, 120)
    took = time.monotonic() - start
    expect(back and took < 90, lambda: f"after {took:.0f} s: {machine.service()['ActiveState']}")
    restarts = machine.service()["NRestarts"]
    expect(int(restarts or 0) == int(before["NRestarts"] or 0) + 1, restarts)
    expect("atchdog timeout" in machine.run("journalctl -u vitald --no-pager -n 60").out,
           lambda: machine.journal("-n", "9"))
    expect(until(lambda: machine.page().samples, 30), "it does not serve again")


@point("killed with SIGKILL it is back, and who asks meanwhile waits for it")
def killed(machine):
    pid = machine.service()["MainPID"]
    answer = machine.run(f"kill -KILL {pid}; curl -sS -o /dev/null --unix-socket /run/vitald/http.sock "
                         "http://vitald/livez && curl -sS -o /dev/null http://127.0.0.1:9847/livez", 60)
    expect(answer.code == 0, answer)
    back = until(lambda: machine.service()["MainPID"] not in ("", "0", pid), 60)
    expect(back, lambda: machine.journal("-n", "9"))


@point("crashed with SIGSEGV it leaves a last line in the journal that names the signal, and is started again")
def crashed(machine):
    pid = machine.service()["MainPID"]
    machine.run(f"kill -SEGV {pid}")
    back = until(lambda: machine.service()["MainPID"] not in ("", "0", pid), 60)
    expect(back, lambda: machine.journal("-n", "9"))
    last = "journalctl -o cat --no-pager MESSAGE_ID=3c1f5de0a2b74f0c8e0d96a6b27c41f5"
    told = until(lambda: "SIGSEGV" in machine.run(last).out, 20)
    expect(told, lambda: machine.journal("-n", "9"))
    expect(until(lambda: machine.page().samples, 60), "it does not serve again")


@point("systemctl stop ends it within the drain, with 0, nothing complained; its sockets wake it")
def stopped(machine):
    start = time.monotonic()
    answer = machine.run("systemctl stop vitald", 60)
    took = time.monotonic() - start
    service = machine.service()
    expect(answer.code == 0 and service["Result"] == "success", lambda: service["Result"])
    expect(service["ExecMainStatus"] == "0", lambda: service["ExecMainStatus"])
    expect(took < 15, f"{took:.1f} s")
    tail = machine.journal("-n", "8").splitlines()
    begin = max((number for number, line in enumerate(tail) if line.startswith("stopping")), default=None)
    expect(begin is not None, tail)
    # An attempt that was under way may still bring its result.
    usual = ("Stopping ", "Stopped ", "vitald.service: ")
    strange = [line for line in tail[begin + 1:] if not line.startswith(usual) and " is healthy" not in line]
    expect(not strange, strange)
    answer = machine.run("vitalctl --json status", 60)
    expect(answer.code == 0 and machine.service()["ActiveState"] == "active", answer)


@point("stopped with its sockets it stays away, and no socket is left")
def stopped_whole(machine):
    answer = machine.run("systemctl stop vitald.socket vitald-http.socket vitald.service", 60)
    expect(answer.code == 0, answer)
    expect(machine.run("ls /run/vitald/*.sock").code != 0, "sockets were left")
    expect(machine.run("vitalctl status").code != 0, "somebody answers")
    expect(machine.service()["ActiveState"] == "inactive", lambda: machine.service()["ActiveState"])


@point("a wrong configuration at the start: 78, the reason in status and journal, no restart")
def wrong(machine):
    machine.run("cp -p /etc/vitald/config.json /srv/good.json; "
                "echo '{\"checks\": 1, \"nmae\": \"x\"}' > /etc/vitald/config.json")
    try:
        answer = machine.run("systemctl start vitald", 60)
        service = machine.service()
        expect(answer.code != 0 and service["ExecMainStatus"] == "78" and service["ActiveState"] == "failed",
               lambda: f"{answer} {service['ExecMainStatus']} {service['ActiveState']}")
        expect("Configuration invalid" in service["StatusText"], lambda: service["StatusText"])
        told = machine.journal("-n", "12")
        expect("Did you mean `name`?" in told and "checks" in told, told)
    finally:
        machine.run("cp -p /srv/good.json /etc/vitald/config.json; systemctl reset-failed vitald; "
                    "systemctl start vitald")
    expect(machine.service()["ActiveState"] == "active", "it does not start again")
