"""Celery's own worker as a process, with its default pool: as many forked processes as there are cores."""

import glob
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
START_SECONDS = 30
LONGEST_SECONDS = 200
MOST_LOOKS = 20


class Worker:
    def __init__(self, expected=0):
        self.folder = tempfile.mkdtemp(prefix="celery-", dir=os.environ["BENCH_DIRECTORY"])
        self.expected = expected

    def __enter__(self):
        environment = {**os.environ, "BENCH_FOLDER": self.folder, "BENCH_EXPECTED": str(self.expected)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks", "worker"], cwd=HERE, env=environment, stdout=sys.stderr
        )
        self.wait_for("ready", START_SECONDS)
        return self

    def __exit__(self, *_):
        # What still runs or waits is of no interest any more.
        for pid in [*self.children(), self.process.pid]:
            os.kill(pid, 9)
        self.process.wait()

    def seconds_to_end(self):
        """From the start of the first task to the end of the last."""
        with open(self.wait_for("ended", LONGEST_SECONDS)) as file:
            first, last = map(float, file.read().split())
        return last - first

    def starts(self, expected, seconds):
        """(start, sent, due) of each task, in milliseconds, once all have started or the time is over."""
        deadline = time.time() + seconds
        while True:
            lines = [line for path in glob.glob(self.folder + "/starts-*") for line in open(path)]
            if len(lines) >= expected or time.time() > deadline:
                return [tuple(map(float, line.split())) for line in lines if line.endswith("\n")]
            time.sleep(0.2)

    def resting_mib(self, settle_seconds):
        """Memory once it grows no more: the worker takes what waits little by little."""
        before, now = 0, self.resident_mib()
        for _ in range(MOST_LOOKS):
            if now <= before * 1.005:
                break
            time.sleep(settle_seconds)
            before, now = now, self.resident_mib()
        return now

    def resident_mib(self):
        return sum(resident_kib(pid) for pid in [self.process.pid, *self.children()]) / 1024

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return [int(pid) for pid in file.read().split()]

    def wait_for(self, name, seconds):
        path = os.path.join(self.folder, name)
        deadline = time.time() + seconds
        while not (os.path.exists(path) and (name == "ready" or os.path.getsize(path) > 0)):
            if self.process.poll() is not None:
                raise RuntimeError(f"Celery's worker ended with {self.process.returncode}.")
            if time.time() > deadline:
                raise RuntimeError(f"Celery's worker was not {name} after {seconds} s.")
            time.sleep(0.02)
        return path


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
