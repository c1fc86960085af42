/** Text as PostgreSQL can store it: it has no place for NUL, and the reason of a fault must not be a fault of its own. */
export const storable = (text: string): string => text.replaceAll('\0', '\uFFFD');
