# SPDX-License-Identifier: Apache-2.0
"""What the sandbox and the kernel may hide."""
from harness.machine import until
from harness.points import expect, point


@point("behind hidepid=2 it says what is missing, and calls no running unit dead")
def hidepid(machine):
    machine.run("systemctl stop vitald; mount -o remount,hidepid=2 /proc; systemctl start vitald")
    try:
        told = until(lambda: "hidepid" in machine.journal("-n", "40"), 40)
        expect(told, machine.journal("-n", "10"))
        alive = until(lambda: machine.page().one("vitald_check_status", check="server", status="healthy"), 40)
        expect(alive == 1, machine.journal("-n", "10"))
        page = machine.page()
        expect(not page.all("container_network_receive_bytes_total", id="/system.slice/redis*"), "network of others")
        expect(page.one("container_processes", id="/system.slice/redis-server.service"), "no process count")
    finally:
        machine.run("mount -o remount,hidepid=0 /proc; systemctl restart vitald")
    expect(until(lambda: machine.page().all("container_start_time_seconds", id="/system.slice/redis*"), 30),
           "without hidepid the start times do not come back")


@point("sizes are true below ProtectSystem=strict and ProtectHome=read-only")
def sizes(machine):
    told = machine.run("curl -s http://127.0.0.1:9847/health/data-detailed").out
    size = machine.run("df -B1 --output=size / | tail -n 1").out.strip()
    expect(f'"total_bytes":{size}' in told and '"readonly":false' in told, f"{size} is not in {told[:800]}")
