#!/usr/bin/env bash
# amqplib 2.3.1: what it reads from a message's headers is not always what it can send on. A field that is a table with a key "!"
# is taken for its own mark of a typed value, and a double that is not a number, or a fraction beyond 2^50, for a whole one: sending them on throws. A
# 64-bit integer beyond 2^53 goes on as another one or as a double, an unsigned byte and short with a sign and twice as long, a
# float as a double. Whoever forwards a message with the headers that it came with, to a dead-letter or retry queue, sends others
# or fails.
# Seen (type and value as they came, then as they are sent): the lines that the end compares
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact amqplib@2.3.1 >/dev/null
cat >run.cjs <<'JS'
const { decodeFields, encodeTable } = require('./node_modules/amqplib/lib/codec.js');
const number = (bytes, write, value) => { const buffer = Buffer.alloc(bytes); buffer[write](value); return buffer; };
const fields = {
  'table with a key "!"': ['F', Buffer.from([0, 0, 0, 4, 1, 0x21, 0x74, 1])],
  'double that is not a number': ['d', number(8, 'writeDoubleBE', NaN)],
  'double 1125899906842625.5': ['d', number(8, 'writeDoubleBE', 1125899906842625.5)],
  'long 9007199254740993': ['l', number(8, 'writeBigInt64BE', 9007199254740993n)],
  'long 9223372036854775807': ['l', number(8, 'writeBigInt64BE', 9223372036854775807n)],
  'unsigned byte 200': ['B', Buffer.from([200])],
  'unsigned short 65535': ['u', number(2, 'writeUInt16BE', 65535)],
  'float 0.1': ['f', number(4, 'writeFloatBE', 0.1)],
  'long -1': ['l', number(8, 'writeBigInt64BE', -1n)],
  'short -300': ['s', number(2, 'writeInt16BE', -300)],
};
for (const [what, [tag, value]] of Object.entries(fields)) {
  const field = Buffer.concat([Buffer.from([1, 0x61]), Buffer.from(tag), value]); // its name is "a"
  const sent = Buffer.alloc(64);
  try {
    const end = encodeTable(sent, decodeFields(field), 0);
    const again = sent.subarray(4, end); // behind the table's length
    const [before, after] = [field, again].map((bytes) => `${String.fromCharCode(bytes[2])} ${bytes.toString('hex', 3)}`);
    console.log(`${what}: ${before} ${before === after ? 'stays' : `becomes ${after}`}`);
  } catch (error) {
    console.log(`${what}: ${error.message}`);
  }
}
JS
seen=$(node run.cjs); echo "$seen"
[ "$seen" = 'table with a key "!": Unknown type to encode: true
double that is not a number: The number NaN cannot be converted to a BigInt because it is not an integer
double 1125899906842625.5: The number 1125899906842625.5 cannot be converted to a BigInt because it is not an integer
long 9007199254740993: l 0020000000000001 becomes l 0020000000000000
long 9223372036854775807: l 7fffffffffffffff becomes d 43e0000000000000
unsigned byte 200: B c8 becomes s 00c8
unsigned short 65535: u ffff becomes I 0000ffff
float 0.1: f 3dcccccd becomes d 3fb99999a0000000
long -1: l ffffffffffffffff becomes b ff
short -300: s fed4 stays' ] || { echo 'The behaviour has changed.'; exit 1; }
