"""The Celery application of the measurements, imported by its worker and by whoever enqueues."""

import multiprocessing
import os
import time

from celery import Celery
from celery.signals import worker_ready

app = Celery("bench", broker=os.environ["BENCH_BROKER"], backend=os.environ.get("BENCH_BACKEND"))
app.conf.update(
    task_default_queue="bench",
    # By default Celery acknowledges before it runs: a task that runs when its worker dies is lost, with everybody else here not.
    task_acks_late=True,
)
if app.conf.broker_url.startswith("amqp"):
    # By default nobody waits for the broker to have stored a task.
    app.conf.broker_transport_options = {"confirm_publish": True}

FOLDER = os.environ.get("BENCH_FOLDER", "")
EXPECTED = int(os.environ.get("BENCH_EXPECTED", "0"))

# Shared by the processes of the worker's pool, which are forked from the one that imports this.
started = multiprocessing.Value("q", 0)
first_start = multiprocessing.Value("d", 0.0)


@worker_ready.connect
def announce(**_):
    open(os.path.join(FOLDER, "ready"), "w").close()


@app.task(name="bench.count")
def count(n, sentAt, dueAt, note):
    now = time.time()
    with started.get_lock():
        started.value += 1
        nth = started.value
    if nth == 1:
        first_start.value = now
    if nth == EXPECTED:
        with open(os.path.join(FOLDER, "ended"), "w") as file:
            file.write(f"{first_start.value} {time.time()}")


@app.task(name="bench.time")
def when(n, sentAt, dueAt, note):
    with open(os.path.join(FOLDER, f"starts-{os.getpid()}"), "a") as file:
        file.write(f"{time.time() * 1000} {sentAt} {dueAt}\n")
