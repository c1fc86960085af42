const gates = new Set<Gate>();

/** Holds handlers until the test opens it. */
export class Gate {
  entered = 0;
  private readonly opening = Promise.withResolvers<void>();

  constructor() {
    gates.add(this);
  }

  /** A test that failed must not leave a handler waiting for ever. */
  static openAll(): void {
    for (const gate of gates) gate.open();
    gates.clear();
  }

  open(): void {
    this.opening.resolve();
  }

  pass(): Promise<void> {
    this.entered += 1;
    return this.opening.promise;
  }
}
