# SPDX-License-Identifier: Apache-2.0
"""Killed again and again, with systemd holding the sockets; and a secret that systemd hands over."""
import json

from harness.machine import until
from harness.points import expect, point

KILLS = 100


@point(f"killed {KILLS} times under load: nobody is refused, what is asked afterwards is answered")
def killed_again_and_again(machine):
    source = machine.project / "Tests/Survival"
    for file in sorted(source.rglob("*.py")) + [source / "run"]:
        machine.put(file, f"/srv/survival/{file.relative_to(source)}", "755")
    # A second between two lives would make it half an hour; who waits meanwhile waits at the sockets either way.
    machine.write("/run/systemd/system/vitald.service.d/quick.conf", "[Service]\nRestartSec=100ms\n")
    machine.run("systemctl daemon-reload")
    try:
        answer = machine.run(f"python3 /srv/survival/run --service vitald --kills {KILLS} --restarts 5", 900)
        expect(answer.code == 0, lambda: f"{answer.out[-1500:]}{answer.err[-500:]}")
    finally:
        machine.run("rm -r /run/systemd/system/vitald.service.d; systemctl daemon-reload; systemctl restart vitald")
    expect(until(lambda: machine.page().samples, 60), "it does not serve any more")


@point("LoadCredential=: the password comes from systemd, and nobody else sees it")
def credential(machine):
    machine.write("/etc/systemd/system/vitald.service.d/secret.conf",
                  "[Service]\nLoadCredential=database:/srv/secret\n")
    machine.run("cp -p /etc/vitald/config.json /srv/before.json; mv /etc/vitald/database.password /srv/secret; "
                "chown root:root /srv/secret; chmod 600 /srv/secret")
    try:
        configuration = json.loads(machine.run("cat /srv/before.json").out)
        database = next(check for check in configuration["checks"] if check["name"] == "database")
        del database["passwordFile"]
        database["passwordCredential"] = "database"
        machine.write("/etc/vitald/config.json", json.dumps(configuration))
        answer = machine.run("systemctl daemon-reload; systemctl restart vitald")
        expect(answer.code == 0, lambda: machine.journal("-n", "9"))
        well = until(lambda: machine.page().one("vitald_check_status", check="database", status="healthy") == 1, 60)
        expect(well, lambda: machine.journal("-n", "9"))
        place = machine.run(f"ls -ld /run/credentials/vitald.service; su nobody -s /bin/sh -c "
                            "'cat /run/credentials/vitald.service/database'")
        expect(place.code != 0, "everybody reads it")
    finally:
        machine.run("mv /srv/secret /etc/vitald/database.password; chown root:vitald /etc/vitald/database.password; "
                    "chmod 640 /etc/vitald/database.password; cp -p /srv/before.json /etc/vitald/config.json; "
                    "rm -r /etc/systemd/system/vitald.service.d; systemctl daemon-reload; systemctl restart vitald")
