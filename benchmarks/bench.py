#!/usr/bin/env python3
"""Bulk transfer through adit-tunnel and through OpenSSH's ssh, side by side, over one sshd.

Machines are noisy: the two clients run in turn, pair by pair, and what is quoted is the median of the
pairs' ratios. MB/s is payload over the time until the receiver has said that it has everything; CPU is
user + system seconds of the client process (and of sshd's) per 10^9 payload bytes. Every byte is checked.
Behind it, login-timing says whether the time of a refusal tells if there is such a user.

    bench.py [--quick]      --quick: small transfers, one pair; shows that it works, proves nothing
"""
import argparse
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(os.environ["ADIT_BINARY_DIR"])
TUNNEL = BIN / "examples" / "adit-tunnel"
PEER = BIN / "benchmarks" / "bulk-peer"
LOGIN_TIMING = BIN / "benchmarks" / "login-timing"
CIPHERS = ["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {port}")


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def descendants(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(c) for child in children for c in (child, *descendants(child))]


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.running = []
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
                           check=True)
        shutil.copy(folder / "user.pub", folder / "authorized")
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.port = free_port()
        (folder / "known_hosts").write_text(
            f"[127.0.0.1]:{self.port} {(folder / 'host.pub').read_text()}")
        if os.getuid() == 0:
            pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        self.sshd = self.start([
            shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-f", "/dev/null", "-p", str(self.port),
            "-h", str(folder / "host"), "-o", "ListenAddress=127.0.0.1", "-o", "StrictModes=no",
            "-o", f"AuthorizedKeysFile={folder / 'authorized'}", "-o", "PidFile=none",
            "-o", "PermitRootLogin=yes", "-E", str(folder / "sshd.log")])
        wait_for_port(self.port, self.sshd)

    def start(self, command, **more):
        process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, **more)
        self.running.append(process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
        self.running.remove(process)

    def stop_all(self):
        for process in reversed(self.running):
            process.kill()
            process.wait()

    def client(self, name, cipher, local, target):
        program = [TUNNEL if name == "adit" else "ssh", "-F", "none"]
        return self.start([
            *program, "-N", "-p", str(self.port), "-l", self.user, "-i", self.folder / "user",
            "-c", cipher, "-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}",
            "-o", "GlobalKnownHostsFile=/dev/null", "-o", "ExitOnForwardFailure=yes",
            "-o", "IdentitiesOnly=yes", "-L", f"127.0.0.1:{local}:127.0.0.1:{target}", "127.0.0.1"],
            stdout=subprocess.DEVNULL)

    def transfer(self, name, cipher, direction, size):
        """One run: MB/s, and CPU seconds per GB of the client and of its sshd."""
        far, near = ("sink", "source") if direction == "up" else ("source", "sink")
        server = self.start([PEER, "serve", far, str(size)], stdout=subprocess.PIPE, text=True)
        target = int(server.stdout.readline())
        local = free_port()
        client = self.client(name, cipher, local, target)
        try:
            wait_for_listener(local, client)
            sshd = descendants(self.sshd.pid)
            before = cpu_of(client.pid), sum(map(cpu_of, sshd))
            out = subprocess.run([PEER, "dial", near, str(size), str(local)], check=True,
                                 stdout=subprocess.PIPE, text=True, timeout=300).stdout.split()
            after = cpu_of(client.pid), sum(map(cpu_of, sshd))
        finally:
            self.stop(client)
            self.stop(server)
        if out[0] != "ok":
            raise RuntimeError(f"{name} {cipher} {direction}: the bytes are wrong")
        giga = size / 1e9
        return {"mbps": size / 1e6 / float(out[1]), "client": (after[0] - before[0]) / giga,
                "sshd": (after[1] - before[1]) / giga}


def wait_for_listener(port, process):
    """Looks for the listening socket without connecting: a connection would be forwarded."""
    wanted = f":{port:04X} 00000000:0000 0A"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        if wanted in pathlib.Path("/proc/net/tcp").read_text():
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {port}")


def median(runs, key):
    return statistics.median(r[key] for r in runs)


def ratio(ours, theirs, key):
    return statistics.median(a[key] / b[key] for a, b in zip(ours, theirs) if b[key] > 0)


def measure(bench, size, pairs):
    rows = []
    for cipher in CIPHERS:
        for direction in ("up", "down"):
            ours, theirs = [], []
            for _ in range(pairs):
                ours.append(bench.transfer("adit", cipher, direction, size))
                theirs.append(bench.transfer("ssh", cipher, direction, size))
            rows.append({
                "cipher": cipher, "direction": direction, "pairs": pairs, "bytes": size,
                "adit": {k: median(ours, k) for k in ours[0]},
                "ssh": {k: median(theirs, k) for k in theirs[0]},
                "ratio_mbps": ratio(ours, theirs, "mbps"),
                "ratio_client_cpu": ratio(ours, theirs, "client"),
            })
            print_row(rows[-1])
    return rows


def print_head(size, pairs):
    print(f"bulk, one stream of {size >> 20} MiB, {pairs} interleaved pair(s), the same sshd; medians")
    print(f"{'cipher':<14}{'way':<6}{'adit MB/s':>10}{'ssh MB/s':>10}{'ratio':>8}"
          f"{'adit s/GB':>11}{'ssh s/GB':>10}{'ratio':>8}{'sshd s/GB (adit, ssh)':>24}")


def print_row(row):
    a, s = row["adit"], row["ssh"]
    print(f"{row['cipher'].split('@')[0][:13]:<14}{row['direction']:<6}{a['mbps']:>10.0f}"
          f"{s['mbps']:>10.0f}{row['ratio_mbps']:>8.2f}{a['client']:>11.2f}{s['client']:>10.2f}"
          f"{row['ratio_client_cpu']:>8.2f}{a['sshd']:>14.2f}{s['sshd']:>10.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures there as well")
    parser.add_argument("command", nargs="?", choices=["tune"])
    options = parser.parse_args()
    if options.command == "tune":
        sys.exit("bench tune is not there yet: the defaults in limits.hpp are not swept")
    size, pairs = (64 << 20, 1) if options.quick else (1 << 30, 5)
    with tempfile.TemporaryDirectory(prefix="adit-bench-") as folder:
        bench = Bench(pathlib.Path(folder))
        try:
            print_head(size, pairs)
            rows = measure(bench, size, pairs)
        finally:
            bench.stop_all()
    subprocess.run([LOGIN_TIMING, "50" if options.quick else "1000"], check=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
