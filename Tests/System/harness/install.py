# SPDX-License-Identifier: Apache-2.0
"""Installs the package in the machine, as anybody would, then gives it something to watch."""
import json

PASSWORD = "CANARY-6f1d2c9a"
PACKAGE = "/srv/vitald.deb"
# What systemd says, asked without a pause: an installation that ends too early would be caught.
STATE = """echo; for unit in vitald.service vitald.socket vitald-http.socket; do
    echo $unit $(systemctl is-active $unit) $(systemctl is-enabled $unit); done
curl -s -o /dev/null -w 'livez %{http_code}\\n' http://127.0.0.1:9847/livez"""

CONFIGURATION = {
    "name": "system-test",
    "containers": {"systemdUnits": ["*.service"]},
    "defaults": {"interval": "5s", "timeout": "4s", "fall": 2, "rise": 2},
    "checks": [
        {"name": "database", "type": "postgres", "url": "postgresql://vitald@localhost:5432/postgres?sslmode=disable",
         "passwordFile": "/etc/vitald/database.password"},
        {"name": "cache", "type": "redis", "url": "redis://localhost:6379/0", "impact": "degrade"},
        {"name": "disk", "type": "filesystem", "path": "/"},
        {"name": "share", "type": "filesystem", "path": "/srv/share", "impact": "info"},
        {"name": "capacity", "type": "memory", "of": "host", "warnPercent": 95, "failPercent": 99},
        {"name": "server", "type": "unit", "unit": "redis-server.service", "impact": "info"},
        {"name": "agent", "type": "heartbeat", "ttl": "10m", "impact": "info"},
    ],
}


def install(machine, package):
    """`apt install`, and how things stood right after it; then a configuration, and a mount that is not local."""
    machine.put(package, PACKAGE)
    machine.installed = machine.run(f"apt-get install -y {PACKAGE} 2>&1 && {STATE}", 300)
    if machine.installed.code:
        raise SystemExit(f"the package cannot be installed: {machine.installed}\n{machine.journal()}")
    machine.write("/etc/vitald/config.json", json.dumps(CONFIGURATION, indent=2))
    machine.write("/etc/vitald/database.password", PASSWORD)
    done = machine.run(f"""set -e
chown root:vitald /etc/vitald/database.password; chmod 640 /etc/vitald/database.password
cd /; su postgres -c "psql -qc \\"create role vitald login password '{PASSWORD}'\\""
mkdir -p /srv/share /srv/lower /srv/upper /srv/work
fuse-overlayfs -o lowerdir=/srv/lower,upperdir=/srv/upper,workdir=/srv/work,allow_other /srv/share
podman import -q /srv/tiny.tar localhost/tiny:1
systemctl restart vitald""", 300)
    if done.code:
        raise SystemExit(f"vitald cannot be started with its configuration: {done}\n{machine.journal()}")
