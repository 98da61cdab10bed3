# SPDX-License-Identifier: Apache-2.0
"""The service as systemd and its neighbours see it."""
import json

from harness.install import PASSWORD
from harness.machine import until
from harness.points import expect, point

LEVELS = ("healthy", "degraded", "unhealthy")


@point("systemctl start ends with an active service that already answers")
def started(machine):
    service = machine.service()
    expect(service["ActiveState"] == "active" and service["Type"] == "notify", lambda: service["ActiveState"])
    expect(service["WatchdogUSec"] == "30s", lambda: service["WatchdogUSec"])
    answer = machine.run("curl -s -o /dev/null -w %{http_code} http://127.0.0.1:9847/livez")
    expect(answer.out == "200", answer)


@point("every check comes to a level of its own within a minute")
def levels(machine):
    def pending():
        page = machine.page()
        return [labels["check"] for labels, value in page.all("vitald_check_phase", phase="pending")
                if value and labels["check"] != "agent"]
    until(lambda: not pending(), 60)
    expect(not pending(), lambda: f"still pending: {pending()}")
    bad = machine.page().all("vitald_check_status", status="unhealthy")
    expect(not [labels for labels, value in bad if value], lambda: machine.journal("-n", "20"))


@point("systemctl status says how the checks stand")
def status(machine):
    expect(machine.service()["StatusText"].startswith("Running: 7 checks, "), lambda: machine.service()["StatusText"])


@point("it runs as its own user, without capabilities, with three threads at rest")
def identity(machine):
    pid = machine.service()["MainPID"]
    text = machine.run(f"cat /proc/{pid}/status; id -u vitald").out
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    expect(fields["Uid"].split()[0] == text.splitlines()[-1] != "0", lambda: fields["Uid"])
    expect(int(fields["CapEff"], 16) == 0 and fields["NoNewPrivs"].strip() == "1", lambda: fields["CapEff"])
    count = until(lambda: machine.run(f"ls /proc/{pid}/task | wc -l").out.strip() == "3", 30)
    expect(count, lambda: machine.run(f"cat /proc/{pid}/task/*/comm").out)


@point("journald has each change of health in fields of its own")
def journal(machine):
    def read():
        return machine.run("journalctl -u vitald -o json --no-pager VITALD_CHECK=cache").out.splitlines()

    lines = until(read, 30)
    expect(lines, "no entry with VITALD_CHECK=cache")
    entry = json.loads(lines[0])
    expect(entry.get("_TRANSPORT") == "journal" and entry.get("_SYSTEMD_UNIT") == "vitald.service", entry)
    expect(entry.get("VITALD_STATUS") in LEVELS and entry.get("VITALD_CHECK_TYPE") == "redis", entry)
    expect(len(entry.get("MESSAGE_ID", "")) == 32 and entry.get("PRIORITY", "").isdigit(), entry)
    again = machine.run(f"journalctl -u vitald -o cat MESSAGE_ID={entry['MESSAGE_ID']} | head -n 1").out
    expect(again.strip(), "journalctl finds nothing by MESSAGE_ID")


@point("promtool parses the page and minds no name but those that exporters before us gave")
def promtool(machine):
    answer = machine.run("curl -s http://127.0.0.1:9847/metrics | promtool check metrics")
    ours = [line for line in answer.err.splitlines()
            if not line.startswith(("container_memory_failcnt ", "node_memory_", "pg_stat_"))]
    expect(answer.code in (0, 3) and not ours, answer)


@point("members of the group ask and push over the socket, strangers do not get in")
def group(machine):
    request = ('{"jsonrpc":"2.0","id":1,"method":"hello"}\\n'
               '{"jsonrpc":"2.0","id":2,"method":"push.heartbeat","params":{"name":"agent"}}\\n'
               '{"jsonrpc":"2.0","id":3,"method":"reload"}\\n')
    ask = ("python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.settimeout(30)\n"
           's.connect("/run/vitald/vitald.sock"); s.sendall(b"""' + request + '"""); f=s.makefile()\n'
           "for i in range(3): print(f.readline(), end=\"\")'")
    machine.write("/srv/ask", ask)
    member = machine.run("useradd -MN -G vitald member; su member -s /bin/sh -c 'sh /srv/ask'")
    answers = [json.loads(line) for line in member.out.splitlines() if line.strip()]
    expect(len(answers) == 3, member)
    expect(answers[0]["result"]["roles"] == ["read", "push"], lambda: answers[0])
    expect("result" in answers[1], lambda: answers[1])
    expect("error" in answers[2], lambda: f"a member may reload: {answers[2]}")
    stranger = machine.run("su nobody -s /bin/sh -c 'sh /srv/ask'")
    expect(stranger.code != 0 and "Permission denied" in stranger.err, stranger)
    agent = until(lambda: machine.page().one("vitald_check_status", check="agent", status="healthy"), 20)
    expect(agent == 1, "the beat was taken, and the check is not healthy")


@point("vitalctl tells a member of the group the same, and a stranger why it cannot")
def client(machine):
    answer = machine.run("su member -s /bin/sh -c 'vitalctl --json status'")
    expect(answer.code == 0 and json.loads(answer.out)["status"] in LEVELS, answer)
    table = machine.run("su member -s /bin/sh -c 'vitalctl checks; vitalctl containers'")
    expect("cache" in table.out and "redis-server.service" in table.out, table)
    refused = machine.run("su nobody -s /bin/sh -c 'vitalctl check'")
    expect(refused.code == 3 and "ermission" in refused.out + refused.err, refused)


@point("a second instance is refused with 75 and the pid of the first")
def second(machine):
    pid = machine.service()["MainPID"]
    answer = machine.run("vitald --http 127.0.0.1:9999")
    expect(answer.code == 75 and f"already running (pid {pid})" in answer.out + answer.err, answer)
    expect(machine.service()["MainPID"] == pid, "the first one is gone")


@point("systemctl reload with a good configuration takes it, and keeps the process")
def reload_good(machine):
    pid = machine.service()["MainPID"]
    answer = machine.run("cp -p /etc/vitald/config.json /srv/good.json; "
                         "sed 's/\"ttl\": \"10m\"/\"ttl\": \"20m\"/' /srv/good.json > /etc/vitald/config.json; "
                         "systemctl reload vitald")
    expect(answer.code == 0, answer)
    taken = until(lambda: "1 changed, 0 removed, 6 unchanged" in machine.journal("-n", "20"), 20)
    expect(taken, lambda: machine.journal("-n", "5"))
    expect(machine.page().one("vitald_config_last_reload_successful") == 1, "the metric says it failed")
    expect(machine.service()["MainPID"] == pid, "another process")


@point("systemctl reload with a bad one keeps the old, says why in the status until a good one comes")
def reload_bad(machine):
    def passes():
        return machine.page().one("vitald_check_runs_total", check="cache", outcome="pass") or 0
    before = passes()
    machine.run("sed 's/\"interval\"/\"intervall\"/' /srv/good.json > /etc/vitald/config.json; systemctl reload vitald")
    told = until(lambda: "Did you mean `interval`?" in machine.journal("-n", "20"), 20)
    expect(told, lambda: machine.journal("-n", "5"))
    expect(machine.page().one("vitald_config_last_reload_successful") == 0, "the metric says it went well")
    ran = until(lambda: passes() > before + 1, 30)
    expect(ran, "the checks do not run any more")
    text = machine.service()["StatusText"]
    expect("eload failed, keeping generation" in text and "line " in text, text)
    machine.run("cp -p /srv/good.json /etc/vitald/config.json; systemctl reload vitald")
    good = until(lambda: "eload failed" not in machine.service()["StatusText"], 20)
    expect(good, lambda: machine.service()["StatusText"])


@point("no password in the page, the health pages, the journal or the printed configuration")
def secrets(machine):
    everything = machine.run("for place in metrics health health/data-detailed healthz?verbose; do "
                             "curl -s http://127.0.0.1:9847/$place; done; journalctl -u vitald -o json --no-pager; "
                             "vitald --print-config").out
    expect(PASSWORD not in everything, "the password stands there")
    expect('"database"' in everything, "nothing was read")
