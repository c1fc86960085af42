import { crc32, deflateSync } from 'node:zlib';

export type Colour = readonly [red: number, green: number, blue: number];

/** A picture of few colours: each pixel is an index into the palette. */
export class Picture {
  private readonly pixels: Buffer;

  /** @param palette at most 256; the first is the ground. */
  constructor(
    readonly width: number,
    readonly height: number,
    private readonly palette: readonly Colour[],
  ) {
    this.pixels = Buffer.alloc(width * height);
  }

  /** Fills a rectangle; what lies outside of the picture is left out. */
  fill(left: number, top: number, width: number, height: number, colour: number): void {
    const [from, to] = [Math.max(0, left), Math.min(this.width, left + width)];
    for (let y = Math.max(0, top); y < Math.min(this.height, top + height); y++)
      if (to > from) this.pixels.fill(colour, y * this.width + from, y * this.width + to);
  }

  /** As a PNG with a palette: every mail client shows that, while hardly any shows SVG. */
  toPng(): Buffer {
    return Buffer.concat([
      signature,
      chunk('IHDR', this.header()),
      chunk('PLTE', Buffer.from(this.palette.flat())),
      chunk('IDAT', deflateSync(this.rows(), { level: 9 })),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }

  private header(): Buffer {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(this.width, 0);
    header.writeUInt32BE(this.height, 4);
    header.set([8, 3, 0, 0, 0], 8); // 8 bits a pixel, by palette; deflate, filters by row, not interlaced
    return header;
  }

  /** Each row begins with its filter: 0, none. */
  private rows(): Buffer {
    const rows = Buffer.alloc((this.width + 1) * this.height);
    for (let y = 0; y < this.height; y++)
      this.pixels.copy(rows, y * (this.width + 1) + 1, y * this.width, (y + 1) * this.width);
    return rows;
  }
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
