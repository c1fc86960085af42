/** Lets work run side by side, or one piece of it alone. Who waits to be alone goes before whoever comes later. */
export class Solitude {
  private running = 0;
  private readonly waiting: { readonly alone: boolean; readonly enter: () => void }[] = [];
  private occupiedAlone = false;

  /** Runs beside others. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    if (this.occupiedAlone || this.waiting.length > 0) await this.turn(false);
    else this.running += 1;
    return this.finally(work);
  }

  /** Runs when nothing else does, and nothing else starts meanwhile. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    await this.turn(true);
    return this.finally(work);
  }

  private async finally<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.running -= 1;
      this.occupiedAlone = false;
      this.admit();
    }
  }

  private turn(alone: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ alone, enter: resolve });
      this.admit();
    });
  }

  private admit(): void {
    for (let next = this.waiting[0]; next && this.mayEnter(next.alone); next = this.waiting[0]) {
      this.waiting.shift();
      this.running += 1;
      this.occupiedAlone = next.alone;
      next.enter();
    }
  }

  private mayEnter(alone: boolean): boolean {
    return !this.occupiedAlone && (!alone || this.running === 0);
  }
}
