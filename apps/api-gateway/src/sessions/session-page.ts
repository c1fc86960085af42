/** Sessions that one task of a sweep takes on: a fraction of a second of work, and short locks. */
export const sessionPageSize = 200;
