# SPDX-License-Identifier: Apache-2.0
"""One throw-away machine: a copy-on-write disk over the image, qemu, and ssh into it."""
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time

BOOT_TIME = 300
BOOT_TIME_KVM = 40
# A KVM that does not work spins before the kernel's first word, which else comes within two seconds.
SILENCE_KVM = 15
KERNEL = "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off no_timer_check panic=-1 loglevel=4"
# One line over the daemon's socket and its answer.
ASK = """import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(30)
peer.connect("/run/vitald/vitald.sock")
peer.sendall(sys.argv[1].encode() + b"\\n")
print(peer.makefile().readline())
"""


class Machine:
    """Starts with `with`, ends with it. Without /dev/kvm it is emulated, some ten times slower."""

    def __init__(self, image, project, emulate=False):
        self.image, self.project = image, project
        # How things stood right after the package was installed; see install.
        self.installed = None
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="vitald-vm."))
        # KVM inside a virtual machine may be there and not work: it is tried once.
        self.emulated = emulate or not os.access("/dev/kvm", os.R_OK | os.W_OK)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.qemu = None

    def __enter__(self):
        disk = self.place / "disk"
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.image.disk, "-F", "raw", disk], check=True)
        try:
            for self.emulated in ([True] if self.emulated else [False, True]):
                self._start(disk)
                if self._comes_up():
                    break
                self._kill()
            else:
                log = (self.place / "qemu.log").read_text(errors="replace")
                raise SystemExit(f"the test machine does not start:\n{log}\n{self.console()}")
            self.run("systemctl is-system-running --wait", BOOT_TIME)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, disk):
        # A KVM inside a virtual machine may refuse a register that its processor claims (arch-capabilities).
        accelerator = ["-accel", "tcg,thread=multi", "-cpu", "max,la57=off"] if self.emulated else [
            "-accel", "kvm", "-cpu", "host,-arch-capabilities"]
        with open(self.place / "qemu.log", "wb") as log:
            self.qemu = subprocess.Popen(
                ["qemu-system-x86_64", *accelerator, "-M", "q35", "-smp", "1", "-m", "2048", "-nodefaults", "-display",
                 "none", "-kernel", self.image.kernel, "-initrd", self.image.initrd, "-append", KERNEL,
                 "-drive", f"if=virtio,file={disk},format=qcow2,cache=unsafe", "-device", "virtio-rng-pci",
                 "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-10.0.2.15:22",
                 "-device", "virtio-net-pci,netdev=net,romfile=", "-serial", f"file:{self.place}/console",
                 "-monitor", f"unix:{self.place}/monitor,server=on,wait=off"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _comes_up(self):
        """Waits until a shell answers; False where that does not come."""
        if not self.emulated and not until(lambda: self.console() or not self.lives(), SILENCE_KVM):
            return False
        until(lambda: not self.lives() or self.run("true", 10).code == 0,
              BOOT_TIME if self.emulated else BOOT_TIME_KVM)
        return self.lives() and self.run("true", 10).code == 0

    def lives(self):
        """Whether its process does."""
        return self.qemu.poll() is None

    def __exit__(self, *_):
        self._ssh("-O", "exit", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if self.qemu:
            self._kill()
        shutil.rmtree(self.place, ignore_errors=True)

    def _kill(self):
        self.qemu.kill()
        self.qemu.wait()

    def pause(self):
        """Stops the machine as a whole: no time passes in it."""
        self._command("stop")

    def resume(self):
        """Lets it go on."""
        self._command("cont")

    def _command(self, word):
        """Tells qemu's monitor something, and waits until it has done it."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(30)
            monitor.connect(str(self.place / "monitor"))
            told = b""
            for prompts in (1, 2):
                while told.count(b"(qemu)") < prompts:
                    told += monitor.recv(4096)
                if prompts == 1:
                    monitor.sendall(word.encode() + b"\n")

    def console(self):
        """The end of what the machine wrote to its serial line."""
        console = self.place / "console"
        return console.read_text(errors="replace")[-2000:] if console.exists() else ""

    def _ssh(self, *words, **keywords):
        options = [f"Port={self.port}", f"IdentityFile={self.image.key}", "BatchMode=yes", "IdentitiesOnly=yes",
                   "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=20",
                   "ControlMaster=auto", f"ControlPath={self.place}/ssh", "ControlPersist=600"]
        before = [word for option in options for word in ("-o", option)]
        keywords.setdefault("stdin", subprocess.DEVNULL)
        order = [*words[:-1], "root@127.0.0.1", words[-1]] if words[0] != "-O" else [*words, "root@127.0.0.1"]
        return subprocess.run(["ssh", "-F", "none", *before, *order], check=False, **keywords)

    def run(self, script, timeout=180):
        """Runs a shell script as root: its exit code, standard output and standard error."""
        try:
            done = self._ssh(f"exec timeout -k 5 {timeout} bash -c {shlex.quote(script)}", timeout=timeout + 20,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            return Answer(124, "", "no answer")
        return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def put(self, source, target, mode="644"):
        """Copies a file into the machine."""
        quoted = shlex.quote(str(target))
        with open(source, "rb") as content:
            done = self._ssh(f"mkdir -p $(dirname {quoted}); rm -f {quoted}; cat > {quoted} && chmod {mode} {quoted}",
                             stdin=content)
        if done.returncode:
            raise SystemExit(f"cannot put {source} into the machine")

    def write(self, target, text):
        """Writes a file in the machine."""
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            self.put(file.name, target)

    def page(self):
        """The metrics page, read once."""
        answer = self.run("curl -sS --max-time 60 http://127.0.0.1:9847/metrics", 90)
        return Page(answer.out)

    def ask(self, method, **parameters):
        """What the daemon answers to a call over its socket; empty where nothing came."""
        call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        answer = self.run(f"python3 -c {shlex.quote(ASK)} {shlex.quote(call)}", 60)
        return json.loads(answer.out) if answer.code == 0 and answer.out.strip() else {}

    def journal(self, *conditions):
        """The daemon's journal as one text, oldest first."""
        return self.run("journalctl -u vitald -o cat --no-pager " + shlex.join(conditions)).out

    def service(self, name="vitald"):
        """systemd's properties of a service; those that `systemctl show` leaves out are empty."""
        lines = self.run(f"systemctl show {shlex.quote(name)}").out.splitlines()
        return Properties(line.split("=", 1) for line in lines if "=" in line)


class Properties(dict):
    """Properties by name. `systemctl show` leaves some out while they are empty: empty, too, is what is not there."""

    def __missing__(self, name):
        return ""


class Answer:
    """What a script in the machine gave."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __str__(self):
        return f"exit {self.code}: {(self.out + self.err).strip()[-600:]}"


class Page:
    """A metrics page: samples by name and labels, these without their escapes."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            match = re.fullmatch(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)', line)
            if match and not line.startswith("#"):
                labels = {name: re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), value)
                          for name, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")}
                self.samples.append((match[1], labels, float(match[3])))

    def all(self, family, /, **labels):
        """(labels, value) of every sample with this name and these labels; a trailing * stands for the rest."""
        def fits(value, wanted):
            return (value or "").startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted
        return [(have, value) for sample, have, value in self.samples
                if sample == family and all(fits(have.get(key), wanted) for key, wanted in labels.items())]

    def one(self, family, /, **labels):
        """The value of the only such sample; None where there is none or more than one."""
        found = self.all(family, **labels)
        return found[0][1] if len(found) == 1 else None


def until(condition, seconds):
    """Asks again until the condition gives something true, and gives that; else what it gave last."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = condition()
        if answer or time.monotonic() > end:
            return answer
        pause.wait(0.5)
