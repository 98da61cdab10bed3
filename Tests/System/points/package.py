# SPDX-License-Identifier: Apache-2.0
"""What installing the package gives."""
from harness.points import expect, point


@point("apt install ends with a service that answers, and it and its sockets are enabled")
def installed(machine):
    lines = machine.installed.out.splitlines()
    for unit in ("vitald.service", "vitald.socket", "vitald-http.socket"):
        expect(f"{unit} active enabled" in lines, lambda: machine.installed.out)
    expect("livez 200" in lines, lambda: machine.installed.out)
    minimal = machine.run("journalctl -u vitald -o cat --no-pager | head -n 20").out
    expect("serves 127.0.0.1:9847" in minimal and "/run/vitald/vitald.sock" in minimal, minimal)


@point("systemd holds the sockets: their modes, groups and queues are those of the units")
def sockets(machine):
    listening = machine.run("ss -lxtnp").out.splitlines()
    for place in ("/run/vitald/vitald.sock", "/run/vitald/http.sock", "127.0.0.1:9847", "[::1]:9847"):
        rows = [row for row in listening if place in row.split()]
        expect(len(rows) == 1, f"{place}: {listening}")
        expect('"systemd"' in rows[0] and '"vitald"' in rows[0], lambda: rows[0])
        expect("1024" in rows[0].split(), lambda: f"another queue than 1024: {rows[0]}")
    for name in ("vitald.sock", "http.sock"):
        found = machine.run(f"stat -c '%a %U %G' /run/vitald/{name}").out.strip()
        expect(found.split()[0] == "660" and found.split()[2] == "vitald", f"{name}: {found}")
    expect(machine.run("stat -c '%a %U %G' /run/vitald /var/lib/vitald").out.split("\n")[:2] == [
        "755 vitald vitald", "700 vitald vitald"], lambda: machine.run("stat /run/vitald /var/lib/vitald"))


@point("systemd-analyze security rates the running service and a sidecar 1.5 or less")
def exposure(machine):
    for unit in ("vitald.service", "vitald@agno-data-api.service"):
        answer = machine.run(f"systemd-analyze security --no-pager --threshold=15 {unit} | tail -n 1; "
                             "exit ${PIPESTATUS[0]}")
        expect(answer.code == 0 and "exposure level" in answer.out, answer)
    refused = machine.run("systemd-analyze security --no-pager --threshold=15 ssh.service")
    expect(refused.code != 0, "even sshd passes: nothing is rated")


@point("where IPv6 is switched off, the sockets start all the same")
def without_ipv6(machine):
    everything = "vitald.socket vitald-http.socket vitald.service"
    machine.run(f"systemctl stop {everything}; sysctl -qw net.ipv6.conf.all.disable_ipv6=1 "
                "net.ipv6.conf.lo.disable_ipv6=1")
    try:
        answer = machine.run("systemctl start vitald; curl -sS -o /dev/null http://127.0.0.1:9847/livez")
        expect(answer.code == 0, answer)
        expect(machine.service("vitald-http.socket")["ActiveState"] == "active",
               lambda: machine.service("vitald-http.socket"))
    finally:
        machine.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0; "
                    f"systemctl restart {everything}")
    answer = machine.run("curl -sS -o /dev/null 'http://[::1]:9847/livez'")
    expect(answer.code == 0, answer)


@point("the drop-ins do what they say: two capabilities; loopback and nothing else")
def drop_ins(machine):
    # The examples themselves: the test machine keeps no documentation.
    examples = machine.project / "systemd/examples"
    place = "/etc/systemd/system"
    try:
        machine.put(examples / "deep.conf", f"{place}/vitald.service.d/deep.conf")
        expect(machine.run("systemctl daemon-reload; systemctl restart vitald").code == 0,
               lambda: machine.journal("-n", "9"))
        text = machine.run(f"cat /proc/{machine.service()['MainPID']}/status").out
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        # CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE 19.
        expect(int(fields["CapEff"], 16) == 1 << 2 | 1 << 19 == int(fields["CapBnd"], 16), lambda: fields["CapEff"])
        machine.run(f"rm {place}/vitald.service.d/deep.conf")
        machine.put(examples / "ip-allow.conf", f"{place}/vitald.service.d/ip-allow.conf")
        machine.put(examples / "ip-allow-socket.conf", f"{place}/vitald-http.socket.d/ip-allow.conf")
        # As the example says; 10.0.2.15 is allowed by it, so the whole network is taken out here.
        answer = machine.run(f"sed -i /10.0.0.0/d {place}/vitald*.d/ip-allow.conf; systemctl daemon-reload; "
                             "systemctl stop vitald.service vitald-http.socket; systemctl start vitald.service; "
                             "curl -sS -o /dev/null http://127.0.0.1:9847/livez")
        expect(answer.code == 0, answer)
        filtered = machine.service("vitald-http.socket")
        expect(filtered["IPAddressDeny"] and "127.0.0.0/8" in filtered["IPAddressAllow"],
               lambda: filtered["IPAddressDeny"])
    finally:
        machine.run(f"rm -rf {place}/vitald.service.d {place}/vitald-http.socket.d; systemctl daemon-reload; "
                    "systemctl stop vitald.service vitald-http.socket; systemctl start vitald.service")
