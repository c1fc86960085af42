"""Measures one case of Celery: python3 measure.py <case> <settings as JSON>; the last line of its output is the answer."""

import json
import sys
import time

from load import in_parallel, open_loop, saturate
from worker import Worker

NOTE = "A mentor has accepted your request; the session begins on Tuesday at ten. Please be there on time."
# Celery's own limit of broker connections; calls block, so threads make the window.
THREADS = 10
LEAST_OFFERED = 0.95
# A guess that fills some seconds; Celery on one machine is within a factor of two of it.
TASKS_PER_SECOND = 1000


def payload(n, due_at=0):
    return {"n": n, "sentAt": time.time() * 1000, "dueAt": due_at, "note": NOTE}


def enqueue(task, n, **options):
    task.apply_async(kwargs=payload(n), **options)


def enqueue_direct(settings):
    from tasks import count

    return {"value": saturate(THREADS, settings, lambda n: enqueue(count, n))}


def process(settings):
    from tasks import count

    number = min(settings["most"], int(TASKS_PER_SECOND * settings["seconds"]))
    in_parallel(THREADS, number, lambda n: enqueue(count, n))
    with Worker(expected=number) as worker:
        seconds = worker.seconds_to_end()
    return {"value": number / seconds, "details": {"tasks": number}}


def latency(settings):
    from tasks import when

    rate = settings.get("perSecond") or settings["capacity"] * settings["share"]
    warm_up = settings["warmUpSeconds"]
    with Worker() as worker:
        begin = time.time() * 1000
        sent, offered = open_loop(THREADS, rate, warm_up + settings["seconds"], lambda n: enqueue(when, n))
        starts = worker.starts(sent, seconds=10)
    if settings.get("perSecond") and (len(starts) < sent or offered < LEAST_OFFERED * rate):
        raise SystemExit(f"It did not take {rate} tasks a second here: {offered:.0f}, {sent - len(starts)} never came")
    took = [start - sent_at for start, sent_at, _ in starts if sent_at >= begin + warm_up * 1000]
    details = {"p50": percentile(took, 0.5), "wantedPerSecond": rate, "offeredPerSecond": offered}
    return {"value": percentile(took, 0.99), "details": {**details, "missing": sent - len(starts)}}


def relay_lateness(settings):
    number = settings.get("countOfSlow", settings["count"])
    with Worker() as worker:
        # Calls are slow here; all are to be made before the first is due.
        due_from = time.time() * 1000 + settings["leadSeconds"] * 1000 + number / TASKS_PER_SECOND * 1200
        in_parallel(THREADS, number, lambda n: schedule(n, due_from + n * 1000 / number))
        head_start = due_from - time.time() * 1000
        starts = worker.starts(number, seconds=60 + head_start / 1000)
    late = [start - due_at for start, _, due_at in starts]
    details = {"tasks": number, "handlerStartP99": percentile(late, 0.99), "p50": percentile(late, 0.5), "headStartMs": head_start}
    return {"value": percentile(late, 0.99), "details": {**details, "missing": number - len(starts)}}


def memory_scheduled(settings):
    hour = 3_600_000
    with Worker() as worker:
        idle = worker.resting_mib(settings["settleSeconds"])
        due_from = time.time() * 1000 + hour
        in_parallel(THREADS, settings["count"], lambda n: schedule(n, due_from + n))
        left = messages_left_after(10 * settings["settleSeconds"])
        waiting = worker.resting_mib(settings["settleSeconds"])
    details = {"idleMiB": idle, "waitingMiB": waiting, "waiting": settings["count"], "leftInBroker": left}
    return {"value": waiting / idle, "details": details}


def messages_left_after(seconds):
    """Celery's worker takes what is scheduled into its memory, some hundreds a second; what it has not taken by then."""
    deadline = time.time() + seconds
    while (left := messages_left()) > 0 and time.time() < deadline:
        time.sleep(0.5)
    return left


def messages_left():
    from tasks import app

    with app.connection_for_read() as connection:
        try:
            return connection.default_channel.queue_declare("bench", passive=True).message_count
        except connection.channel_errors:  # Redis has no empty lists
            return 0


def schedule(n, due_at):
    from datetime import datetime, timezone

    from tasks import when

    eta = datetime.fromtimestamp(due_at / 1000, timezone.utc)
    when.apply_async(kwargs=payload(n, due_at), eta=eta)


def percentile(values, share):
    return sorted(values)[max(0, -int(-share * len(values) // 1) - 1)] if values else None


CASES = {
    "enqueue-direct": enqueue_direct,
    "process": process,
    "latency-10": latency,
    "latency-50": latency,
    "latency-1000": latency,
    "latency-5000": latency,
    "relay-lateness": relay_lateness,
    "memory-scheduled": memory_scheduled,
}

if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](json.loads(sys.argv[2]))))
