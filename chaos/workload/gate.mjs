/** How many tasks may have been offered by now, and who waits until so many were accepted. */
export class Gate {
  limit = 0;
  count = 0;
  waiting = new Set();

  open(limit) {
    this.limit = limit;
    this.look();
  }

  add(accepted) {
    this.count += accepted;
    this.look();
  }

  accepted(count) {
    return this.until(() => this.count >= count);
  }

  /** @param offered how many were offered before */
  mayOffer(offered) {
    return this.until(() => offered < this.limit);
  }

  /** Ends all waiting, for a run that is stopped. */
  abandon(reason) {
    for (const { reject } of this.waiting) reject(reason);
    this.reason = reason;
  }

  until(condition) {
    if (this.reason) return Promise.reject(this.reason);
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => this.waiting.add({ condition, resolve, reject }));
  }

  look() {
    for (const waiter of this.waiting) {
      if (!waiter.condition()) continue;
      this.waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
