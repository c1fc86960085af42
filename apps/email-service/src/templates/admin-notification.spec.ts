import { inflateSync } from 'node:zlib';
import { renderAdminNotification } from './admin-notification.js';
import { barChart, chartSize } from './bar-chart.js';

const chart = {
  title: 'The last 2 days',
  labels: ['2025-11-21', '2025-11-22'],
  series: [
    { name: 'New users', values: [0, 10] },
    { name: 'Sessions <held>', values: [5, 0] },
  ],
};
const notification = {
  subject: 'MentorHub on 2025-11-22',
  content: 'What happened.\n\nWhere to look.',
  facts: [{ label: 'Failed: <script>', value: '2' }],
  chart,
};

describe('a notification for admins', () => {
  const mail = renderAdminNotification(notification);

  it('shows text, table and chart, all escaped', () => {
    expect(mail.html).toMatch(/What happened\.[^]*Failed: &lt;script&gt;<\/th>[^]*cid:chart[^]*Where to look\./);
    expect(mail.html).toContain('alt="The last 2 days. New users: 0, 10. Sessions &lt;held&gt;: 5, 0."');
    expect(mail.html).toContain('the top line is 10.');
  });

  it('has a text form with the same figures', () => {
    expect(mail.text).toBe(
      'What happened.\n\nFailed: <script>: 2\n\nThe last 2 days:\n2025-11-21: New users 0, Sessions <held> 5\n' +
        '2025-11-22: New users 10, Sessions <held> 0\n\nWhere to look.\n\n' +
        '-- \nYou get this mail because you are named in ADMIN_EMAILS.\n',
    );
  });

  it('brings the chart as an inline PNG, and none where there is nothing to draw', () => {
    expect(mail.attachments).toMatchObject([{ filename: 'chart.png', contentType: 'image/png', cid: 'chart' }]);
    const plain = renderAdminNotification({ ...notification, facts: [], chart: undefined });
    expect(plain.attachments).toBeUndefined();
    expect(plain.html).not.toMatch(/<img|<th/);
  });
});

describe('the chart', () => {
  const { width, height, pixel } = read(barChart(chart));
  /** How many pixels of a column have a colour of the palette. */
  const tall = (x: number, colour: number) =>
    Array.from({ length: height }, (_, y) => pixel(x, y)).filter((found) => found === colour).length;
  const tallest = (from: number, to: number, colour: number) =>
    Math.max(...Array.from({ length: to - from }, (_, n) => tall(from + n, colour)));

  it('has twice the pixels of its size in the mail', () => {
    expect([width, height]).toEqual([chartSize.width * 2, chartSize.height * 2]);
  });

  it('draws each value as tall as it is, beside its neighbour of the other series', () => {
    const [first, second] = [3, 4];
    const half = width / 2;
    const whole = tallest(half, width, first);
    expect(whole).toBe(height - 2); // above the axis
    expect(tallest(0, half, second)).toBe(whole / 2);
    expect([tallest(0, half, first), tallest(half, width, second)]).toEqual([0, 0]);
  });

  it('shows a small value beside a large one, and sixty labels of three series', () => {
    const labels = Array.from({ length: 60 }, (_, n) => String(n));
    const series = ['a', 'b', 'c'].map((name) => ({ name, values: labels.map((_, n) => (n === 0 ? 1 : 1_000_000)) }));
    const crowded = read(barChart({ title: 't', labels, series }));
    const colours = new Set(Array.from({ length: 16 }, (_, x) => crowded.pixel(x, height - 3)));
    expect([...colours].filter((colour) => colour >= 3).sort()).toEqual([3, 4, 5]);
  });

  it('can be drawn of zeros', () => {
    const zeros = { ...chart, series: [{ name: 'Nothing', values: [0, 0] }] };
    expect(read(barChart(zeros)).width).toBe(width);
  });
});

/** Reads an unfiltered PNG with a palette, by its specification. */
function read(png: Buffer) {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const [width, height] = [chunks.get('IHDR')!.readUInt32BE(0), chunks.get('IHDR')!.readUInt32BE(4)];
  const rows = inflateSync(chunks.get('IDAT')!);
  expect(rows.length).toBe((width + 1) * height);
  return { width, height, pixel: (x: number, y: number) => rows[y * (width + 1) + 1 + x]! };
}
