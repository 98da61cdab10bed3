# SPDX-License-Identifier: Apache-2.0
"""Pages for other machines: every address, TLS, a login, and the real Prometheus."""
import json

from harness.machine import until
from harness.points import expect, point

ADDRESS = "10.0.2.15"
CERTIFICATE = f"""openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=vitald \
    -addext subjectAltName=IP:{ADDRESS} -keyout /etc/vitald/tls.key.new -out /etc/vitald/tls.crt.new
chown root:vitald /etc/vitald/tls.key.new; chmod 640 /etc/vitald/tls.key.new; chmod 644 /etc/vitald/tls.crt.new
cd /etc/vitald; mv tls.key.new tls.key; mv tls.crt.new tls.crt"""
# Of the password `right`, with the least cost: the machine may be emulated.
HASH = "$2b$04$S306TbzKkmXCIeSJcKQl5eKoMpswNyU0sX6zVTjj53bWLsGsd.e4y"
EVERYWHERE = "[Socket]\nListenStream=\nListenStream=/run/vitald/http.sock\nListenStream=9847\n"
PROMETHEUS = f"""scrape_configs:
  - job_name: vitald
    scheme: https
    scrape_interval: 2s
    tls_config: {{ ca_file: /etc/vitald/tls.crt }}
    basic_auth: {{ username: prometheus, password: right }}
    static_configs: [ {{ targets: ["{ADDRESS}:9847"] }} ]
"""
ANEW = "systemctl daemon-reload; systemctl stop vitald.service vitald-http.socket; systemctl start vitald.service"


def code(machine, *words):
    """The status of a page, 000 where there is none."""
    return machine.run("curl -s -m 30 -o /dev/null -w '%{http_code}' " + " ".join(words)).out


@point("an address that others reach: refused without TLS and a login, with the remedy; a strange host name gets 403")
def refused(machine):
    expect(code(machine, "-H 'Host: elsewhere.example'", "http://127.0.0.1:9847/metrics") == "403", "rebinding")
    machine.write("/etc/systemd/system/vitald-http.socket.d/everywhere.conf", EVERYWHERE)
    try:
        answer = machine.run(ANEW)
        service = machine.service()
        expect(answer.code != 0 and service["ExecMainStatus"] == "78", lambda: f"{answer} {service['ExecMainStatus']}")
        told = machine.journal("-n", "9")
        expect("[::]:9847" in told and "http.tls" in told and "http.auth" in told, told)
    finally:
        machine.run(f"rm -r /etc/systemd/system/vitald-http.socket.d; systemctl reset-failed; {ANEW}")
    expect(until(lambda: machine.page().samples, 60), lambda: machine.journal("-n", "9"))


@point("open to other machines with TLS and a login: Prometheus scrapes it, others get 401; a renewed certificate is taken")
def scraped(machine):
    made = machine.run(CERTIFICATE)
    expect(made.code == 0, made)
    configuration = json.loads(machine.run("cp -p /etc/vitald/config.json /srv/before.json; cat /srv/before.json").out)
    configuration["http"] = {
        "tls": {"certFile": "/etc/vitald/tls.crt", "keyFile": "/etc/vitald/tls.key"},
        "auth": {"users": {"prometheus": HASH}},
    }
    machine.write("/etc/vitald/config.json", json.dumps(configuration))
    machine.write("/etc/systemd/system/vitald-http.socket.d/everywhere.conf", EVERYWHERE)
    machine.write("/srv/prometheus.yml", PROMETHEUS)
    page = f"https://{ADDRESS}:9847/metrics"
    try:
        answer = machine.run(ANEW)
        expect(answer.code == 0, lambda: f"{answer} {machine.journal('-n', '9')}")
        before = machine.service()["MainPID"]
        known = "--cacert /etc/vitald/tls.crt"
        told = [code(machine, known, "-u prometheus:right", page), code(machine, known, page),
                code(machine, known, "-u prometheus:wrong", page), code(machine, page),
                code(machine, page.replace("https", "http"))]
        expect(told == ["200", "401", "401", "000", "000"], told)
        machine.run("systemd-run -q --unit scraper prometheus --config.file=/srv/prometheus.yml "
                    "--storage.tsdb.path=/srv/prometheus --web.listen-address=127.0.0.1:9090")
        ask = "curl -s 'http://127.0.0.1:9090/api/v1/query?query=up'"
        up = until(lambda: '"job":"vitald"' in machine.run(ask).out and ',"1"]' in machine.run(ask).out, 90)
        expect(up, lambda: machine.run(f"{ask}; curl -s http://127.0.0.1:9090/api/v1/targets"))

        old = machine.run("cp /etc/vitald/tls.crt /srv/old.crt; " + CERTIFICATE)
        expect(old.code == 0, old)
        taken = until(lambda: code(machine, known, "-u prometheus:right", page) == "200", 40)
        expect(taken, lambda: machine.journal("-n", "9"))
        expect(code(machine, "--cacert /srv/old.crt", "-u prometheus:right", page) == "000", "the old one is shown")
        expect(machine.service()["MainPID"] == before, "it was restarted")
    finally:
        machine.run("systemctl stop scraper; rm -r /etc/systemd/system/vitald-http.socket.d /srv/prometheus*; "
                    f"rm /etc/vitald/tls.*; cp -p /srv/before.json /etc/vitald/config.json; {ANEW}")
    expect(until(lambda: machine.page().samples, 60), lambda: machine.journal("-n", "9"))
