# SPDX-License-Identifier: Apache-2.0
"""The disk of the test machine: Debian 12 with systemd, podman, Postgres and Redis.

Made once, with mmdebstrap, from the mirrors of this machine's own apt sources; kept below
${XDG_CACHE_HOME:-~/.cache}/vitald-test-vm until the recipe below changes.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

SUITE = "bookworm"
PACKAGES = """systemd systemd-sysv dbus udev kmod linux-image-cloud-amd64 initramfs-tools openssh-server
 libpq5 libhiredis0.14 zlib1g postgresql redis-server prometheus podman crun conmon netavark fuse-overlayfs
 busybox-static iproute2 iptables iputils-ping procps curl ca-certificates python3""".split()
UNREAD = ["doc", "man", "info", "locale", "lintian"]

# Before any package: an initrd with just what this machine needs, since unpacking a full one takes long.
ESSENTIAL = """
mkdir -p "$1/etc/initramfs-tools/conf.d"
echo MODULES=list > "$1/etc/initramfs-tools/conf.d/small"
printf 'virtio_pci\\nvirtio_blk\\next4\\n' > "$1/etc/initramfs-tools/modules"
"""

# Within the new system. The machine id is fixed: no first boot, no presets.
CUSTOMISE = """set -eu
echo testvm > /etc/hostname
printf '127.0.0.1 localhost testvm\\n::1 localhost\\n' > /etc/hosts
echo 0123456789abcdef0123456789abcdef > /etc/machine-id
echo '/dev/vda / ext4 rw,noatime 0 0' > /etc/fstab
printf '[Match]\\nName=eth0\\n[Network]\\nAddress=10.0.2.15/24\\nGateway=10.0.2.2\\n' > /etc/systemd/network/eth0.network
printf 'PermitRootLogin yes\\nPasswordAuthentication no\\nUsePAM no\\nUseDNS no\\nMaxSessions 64\\n' \
    > /etc/ssh/sshd_config.d/test.conf
systemctl enable -q systemd-networkd ssh postgresql redis-server
systemctl disable -q systemd-networkd-wait-online prometheus
systemctl mask -q apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer dpkg-db-backup.timer logrotate.timer getty@tty1.service serial-getty@ttyS0.service \
    podman-auto-update.timer podman-auto-update.service podman-restart.service podman.socket podman.service \
    systemd-timesyncd.service
mkdir -p /etc/containers
printf '[network]\\nnetwork_backend = "netavark"\\n[engine]\\ncgroup_manager = "systemd"\\n' \
    > /etc/containers/containers.conf
root=$(mktemp -d); mkdir -p $root/bin $root/proc $root/sys $root/dev $root/tmp $root/etc $root/run
cp /bin/busybox $root/bin/; for name in $(busybox --list); do
    [ $name = busybox ] || ln -sf busybox $root/bin/$name; done
tar -C $root -cf /srv/tiny.tar .; rm -rf $root /var/cache/apt/* /var/lib/apt/lists/*
"""


class Image:
    """`disk` (raw ext4), `kernel`, `initrd` and `key` (for ssh), made where they are missing."""

    def __init__(self, say):
        cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        self.home = pathlib.Path(cache) / "vitald-test-vm"
        self.home.mkdir(parents=True, exist_ok=True)
        self.key = self.home / "key"
        if not self.key.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vitald-test-vm", "-f", self.key)
        self.disk, self.kernel, self.initrd = (self.home / name for name in ("disk", "vmlinuz", "initrd"))
        recipe = repr((SUITE, PACKAGES, UNREAD, ESSENTIAL, CUSTOMISE, self.key.with_suffix(".pub").read_text()))
        digest = hashlib.sha256(recipe.encode()).hexdigest()
        stamp = self.home / "recipe"
        if not stamp.exists() or stamp.read_text() != digest:
            say("making the test machine's disk (once; some minutes)")
            stamp.unlink(missing_ok=True)
            self._make()
            stamp.write_text(digest)

    def _make(self):
        root = self.home / "root"
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        run(*sudo, "rm", "-rf", "--one-file-system", root)
        script = self.home / "customise"
        script.write_text(CUSTOMISE)
        main, security = mirrors()
        sources = [f"deb {main} {SUITE} main", f"deb {main} {SUITE}-updates main"]
        sources += [f"deb {security} {SUITE}-security main"] if security else []
        try:
            run(*sudo, "mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", "--format=directory",
                '--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Retries "3"',
                *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNREAD),
                f"--essential-hook={ESSENTIAL}", f"--include={','.join(PACKAGES)}",
                f"--customize-hook=upload {script} /root/customise",
                '--customize-hook=chroot "$1" sh /root/customise', '--customize-hook=rm "$1/root/customise"',
                '--customize-hook=mkdir -p -m 700 "$1/root/.ssh"',
                f"--customize-hook=upload {self.key}.pub /root/.ssh/authorized_keys",
                SUITE, root, *sources)
            for made, name in ((self.kernel, "vmlinuz"), (self.initrd, "initrd.img")):
                run(*sudo, "sh", "-c", f"cat '{root}'/boot/{name}-* > '{made}'")
            self.disk.unlink(missing_ok=True)
            run(*sudo, "mkfs.ext4", "-q", "-F", "-m", "0", "-d", root, self.disk, "4G")
            if sudo:
                run(*sudo, "chown", f"{os.getuid()}", self.disk)
        finally:
            run(*sudo, "rm", "-rf", "--one-file-system", root)


def mirrors():
    """(archive, security) of this machine's apt sources, in either of their two formats."""
    places = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
    found = []
    for place in places:
        for line in place.read_text(errors="replace").splitlines() if place.is_file() else []:
            words = line.split()
            if words[:1] == ["URIs:"]:
                found += words[1:]
            elif words[:1] == ["deb"]:
                found += [word for word in words[1:] if "://" in word][:1]
    main = [place for place in found if place.rstrip("/").endswith("/debian")]
    security = [place for place in found if place.rstrip("/").endswith("/debian-security")]
    if not main:
        raise SystemExit("no Debian mirror in /etc/apt/sources.list*: the test machine cannot be made")
    return main[0], security[0] if security else None


def run(*words):
    """Runs a command; its output is shown only when it fails."""
    result = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    if result.returncode:
        text = result.stdout.decode(errors="replace")[-3000:]
        raise SystemExit(f"{words[0]} ended with {result.returncode}:\n{text}")


def tools_missing():
    """What is needed and not installed."""
    needed = ["qemu-system-x86_64", "qemu-img", "mmdebstrap", "mkfs.ext4", "ssh", "ssh-keygen"]
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [name for name in needed if not shutil.which(name, path=path)]
