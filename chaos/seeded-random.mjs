/**
 * Random numbers that follow from a seed and a name alone. Each part of a run draws from a stream of its own name, so that
 * a change of one part leaves the choices of the others as they were.
 */
export class SeededRandom {
  constructor(seed, name) {
    this.state = hash(`${seed} ${name}`);
  }

  /** From 0 to just below 1 (mulberry32). */
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least, most) {
    return least + this.next() * (most - least);
  }

  /** A whole number, both ends included. */
  whole(least, most) {
    return Math.floor(this.between(least, most + 1));
  }

  chance(share) {
    return this.next() < share;
  }

  pick(list) {
    return list[this.whole(0, list.length - 1)];
  }

  /** A key of `weights`, each as often as its weight says. */
  weighted(weights) {
    const entries = Object.entries(weights);
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries.at(-1))[0];
  }

  shuffled(list) {
    const left = [...list];
    return list.map(() => left.splice(this.whole(0, left.length - 1), 1)[0]);
  }

  /** A UUID of version 4. */
  uuid() {
    const hex = Array.from({ length: 4 }, () =>
      this.whole(0, 2 ** 32 - 1)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
    return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5');
  }
}

/** FNV-1a. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 0x01000193);
  return value;
}
