"""What measuring/load.mjs is for the others: calls block in Python, so a window is made of threads."""

import itertools
import queue
import threading
import time


def in_parallel(threads, count, work):
    numbers = iter(range(count))
    lock = threading.Lock()

    def call():
        while True:
            with lock:
                n = next(numbers, None)
            if n is None:
                return
            work(n)

    run_all(threads, call)


def saturate(threads, settings, work):
    """Calls per second, counted after the warm-up."""
    ended = [0] * threads
    stop = threading.Event()
    numbers = itertools.count()

    def call(thread):
        while not stop.is_set():
            work(next(numbers))
            ended[thread] += 1

    running = start_all([lambda thread=thread: call(thread) for thread in range(threads)])
    time.sleep(settings["warmUpSeconds"])
    begin, before = time.time(), sum(ended)
    time.sleep(settings["seconds"])
    rate = (sum(ended) - before) / (time.time() - begin)
    stop.set()
    for thread in running:
        thread.join()
    return rate


def open_loop(threads, per_second, seconds, work):
    """Call k is made at k / per_second, as far as the threads keep up: the offered rate says whether they did."""
    total = round(per_second * seconds)
    waiting = queue.SimpleQueue()

    def call():
        while (n := waiting.get()) is not None:
            work(n)

    running = start_all([call] * threads)
    begin = time.time()
    for n in range(total):
        time.sleep(max(0, begin + n / per_second - time.time()))
        waiting.put(n)
    for _ in range(threads):
        waiting.put(None)
    for thread in running:
        thread.join()
    return total, total / (time.time() - begin)


def run_all(threads, call):
    for thread in start_all([call] * threads):
        thread.join()


def start_all(calls):
    running = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in running:
        thread.start()
    return running
