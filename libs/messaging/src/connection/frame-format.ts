/** Kinds of AMQP's frames, and what each of them ends with. */
export const frameMethod = 1;
export const frameHeader = 2;
export const frameBody = 3;
export const frameEnd = 0xce;

/** Bytes in front of a frame's payload: its kind, its channel, its size. */
export const frameStart = 7;
/** All that a frame has beside its payload. */
export const frameOverhead = frameStart + 1;

/** What a method's payload begins with: its class and its number. */
export const basicPublish = 0x003c_0028;
export const basicAck = 0x003c_0050;
export const basicClass = 0x003c;
export const basicDeliver = 0x003c_003c;
