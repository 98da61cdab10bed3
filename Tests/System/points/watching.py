# SPDX-License-Identifier: Apache-2.0
"""The watchdog: what must not end vitald, and what must."""
import threading

from harness.machine import until
from harness.points import expect, point

# Holds one thread of a process still with ptrace(2), while the others run on, until the process has ended.
HOLD = """import ctypes, os, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
SEIZE, INTERRUPT, ALL = 0x4206, 0x4207, 0x40000000
for request in (SEIZE, INTERRUPT):
    if libc.ptrace(request, pid, None, None) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(pid, ALL)
print("held", flush=True)
# Its end is told to whoever holds it before it is told to its parent.
while os.WIFSTOPPED(os.waitpid(pid, ALL)[1]):
    pass
"""
# Longer than the 15 s in which three looks of the watchdog find a standstill.
LONG = 25


def rests(machine, pid, seconds=LONG):
    """Expects that the same process runs for so long, and was never called stalled."""
    machine.run(f"sleep {seconds}", seconds + 60)
    service = machine.service()
    expect(service["MainPID"] == pid and service["ActiveState"] == "active", lambda: service["StatusText"])
    expect(" stalled (" not in machine.journal(f"_PID={pid}"), lambda: machine.journal("-n", "9"))
    expect(machine.page().samples, "it does not serve")


@point("stopped for twelve seconds and continued, it goes on, and says that it did not run")
def stopped_and_continued(machine):
    pid = machine.service()["MainPID"]
    machine.run(f"kill -STOP {pid}; sleep 12; kill -CONT {pid}")
    told = until(lambda: "vitald did not run for" in machine.journal("-n", "20"), 30)
    expect(told, lambda: machine.journal("-n", "9"))
    rests(machine, pid)


@point("the whole machine paused from outside and continued: nothing is restarted")
def paused(machine):
    pid = machine.service()["MainPID"]
    machine.pause()
    threading.Event().wait(40)
    machine.resume()
    rests(machine, pid)


@point("wall time set forward by a day and back: nothing is restarted, the jump is told")
def clock(machine):
    pid = machine.service()["MainPID"]
    machine.run("date -s '+1 day'")
    told = until(lambda: "wall time was set forward" in machine.journal(f"_PID={pid}"), 30)
    expect(told, lambda: machine.journal("-n", "9"))
    machine.run("date -s '-1 day'")
    told = until(lambda: "wall time was set back" in machine.journal(f"_PID={pid}"), 30)
    expect(told, lambda: machine.journal("-n", "9"))
    rests(machine, pid)


@point("starved of the processor, by a quota and by others, it is late and never restarted")
def starved(machine):
    pid = machine.service()["MainPID"]
    # In one go, for who is outside would be starved as well. Emulated, a fifth is less than a hundredth of a real one.
    machine.run("systemctl set-property --runtime vitald CPUQuota=20%; "
                "for i in 1 2; do systemd-run -q --unit hog$i -p CPUWeight=1000 sh -c 'while :; do :; done'; done; "
                "sleep 45; systemctl stop hog1 hog2; rm -r /run/systemd/system.control/vitald.service.d; "
                "systemctl daemon-reload", 400)
    rests(machine, pid)


@point("with sockets that let nobody of its kind in, or that were taken away, it is not called dead")
def shut_out(machine):
    machine.write("/etc/systemd/system/vitald.socket.d/shut.conf", "[Socket]\nSocketGroup=root\nSocketMode=0600\n")
    again = "systemctl daemon-reload; systemctl stop vitald.service vitald.socket; systemctl start vitald.service"
    machine.run(again)
    try:
        pid = machine.service()["MainPID"]
        seen = machine.run("stat -c '%a %U' /run/vitald/vitald.sock").out.split()
        expect(seen == ["600", "root"] and pid != "0", f"{seen} {pid}")
        rests(machine, pid)
        machine.run("systemctl stop vitald.socket")
        expect(machine.run("ls /run/vitald/vitald.sock").code != 0, "the socket is still there")
        rests(machine, pid)
    finally:
        machine.run("rm -r /etc/systemd/system/vitald.socket.d; " + again)
    expect(until(lambda: machine.page().samples, 60), "it does not serve again")


@point("its event loop held still: the manager hears who stalled, the journal too, and it is started anew")
def held(machine):
    before = machine.service()
    machine.write("/srv/hold", HOLD)
    machine.run(f"setsid nohup python3 /srv/hold {before['MainPID']} > /srv/held 2>&1 < /dev/null &")
    expect(until(lambda: "held" in machine.run("cat /srv/held").out, 30), lambda: machine.run("cat /srv/held"))
    anew = until(lambda: machine.service()["MainPID"] not in ("", "0", before["MainPID"]), 60)
    expect(anew, lambda: machine.service()["StatusText"])
    told = machine.run(f"journalctl -o cat --no-pager _PID={before['MainPID']} VITALD_STALLED=").out
    told = told or machine.journal(f"_PID={before['MainPID']}")
    expect(" stalled (" in told and "still for 3 looks" in told and "sampler ok" in told, told)
    manager = machine.run("journalctl -o cat --no-pager _PID=1 UNIT=vitald.service -n 20").out
    expect("atchdog" in manager and "still for 3 looks" in manager, manager)
    expect(until(lambda: machine.page().samples, 60), "it does not serve again")
