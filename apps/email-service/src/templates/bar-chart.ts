import type { Chart } from '@mentorhub/contracts';
import { Picture, type Colour } from './png.js';

/** In pixels of the mail; drawn with twice as many, for screens that are that fine. */
export const chartSize = { width: 504, height: 160 };

/** Of the series, in their order; also for readers who do not tell red from green. */
export const seriesColours = ['#1d4ed8', '#f59e0b', '#0f766e'] as const;

const fineness = 2;
const ground: Colour = [255, 255, 255];
const gridColour: Colour = [229, 231, 235];
const axisColour: Colour = [107, 114, 128];
const palette = [ground, gridColour, axisColour, ...seriesColours.map(colourOf)];
const [grid, axis, firstSeries] = [1, 2, 3];
const gridLines = 4;
/** Of the room that a label has, for the gap to its neighbour. */
const gap = 0.3;

/** The values as groups of bars, one group for each label, over four lines at quarters of the highest value. */
export function barChart({ labels, series }: Chart): Buffer {
  const [width, height] = [chartSize.width * fineness, chartSize.height * fineness];
  const picture = new Picture(width, height, palette);
  const base = height - fineness;
  for (let line = 1; line <= gridLines; line++)
    picture.fill(0, base - Math.round((base * line) / gridLines), width, 1, grid);
  const room = width / labels.length;
  const place = { room, bar: (room * (1 - gap)) / series.length, base, highest: highestOf(series) };
  series.forEach(({ values }, index) => drawBars(picture, values, index, place));
  picture.fill(0, base, width, fineness, axis);
  return picture.toPng();
}

interface Place {
  /** The width of a group with its gap, and of one bar. */
  readonly room: number;
  readonly bar: number;
  /** Where the bars stand, which is also how tall the highest is. */
  readonly base: number;
  readonly highest: number;
}

function drawBars(picture: Picture, values: readonly number[], series: number, { room, bar, base, highest }: Place) {
  values.forEach((value, group) => {
    const left = room * (group + gap / 2) + bar * series;
    const from = Math.round(left);
    // Something is never shown as nothing, neither by a bar that is low nor by one that is narrow.
    const wide = Math.max(1, Math.round(left + bar) - from);
    const tall = value > 0 ? Math.max(fineness, Math.round((base * value) / highest)) : 0;
    picture.fill(from, base - tall, wide, tall, firstSeries + series);
  });
}

/** What the top of the chart stands for. */
export const highestOf = (series: Chart['series']): number => Math.max(1, ...series.flatMap(({ values }) => values));

function colourOf(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
