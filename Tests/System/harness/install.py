# SPDX-License-Identifier: Apache-2.0
"""Puts what was built into the machine, as a package would, and starts it."""
import json
import pathlib
import subprocess

PASSWORD = "CANARY-6f1d2c9a"

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


def install(machine, project, build):
    """Binaries, unit, user, configuration, a mount that is not local; then `systemctl start`."""
    for program in ("vitald", "vitalctl"):
        if (build / program).exists():
            machine.put(build / program, f"/usr/bin/{program}", "755")
            libraries(machine, build / program)
    machine.put(project / "systemd/vitald.service", "/etc/systemd/system/vitald.service")
    machine.put(project / "systemd/vitald.sysusers", "/usr/lib/sysusers.d/vitald.conf")
    machine.write("/etc/vitald/config.json", json.dumps(CONFIGURATION, indent=2))
    machine.write("/etc/vitald/database.password", PASSWORD)
    done = machine.run(f"""set -e
ldconfig; systemd-sysusers vitald.conf
chown root:vitald /etc/vitald/database.password; chmod 640 /etc/vitald/database.password
cd /; su postgres -c "psql -qc \\"create role vitald login password '{PASSWORD}'\\""
mkdir -p /srv/share /srv/lower /srv/upper /srv/work
fuse-overlayfs -o lowerdir=/srv/lower,upperdir=/srv/upper,workdir=/srv/work,allow_other /srv/share
podman import -q /srv/tiny.tar localhost/tiny:1
systemctl daemon-reload; systemctl start vitald""", 300)
    if done.code:
        raise SystemExit(f"vitald cannot be installed and started: {done}\n{machine.journal()}")


def libraries(machine, program):
    """A debug build leans on the toolchain's own libraries, which no Debian has."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        words = line.split()
        if len(words) > 2 and "/swift/" in words[2]:
            name = pathlib.Path(words[2]).name
            if machine.run(f"test -e /usr/local/lib/{name}").code:
                machine.put(words[2], f"/usr/local/lib/{name}")
