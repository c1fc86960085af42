import type { Chart } from '@mentorhub/contracts';
import { barChart, chartSize, highestOf, seriesColours } from './bar-chart.js';
import { markup, type Markup } from './markup.js';
import type { MailContent } from './mail-content.js';
import { paragraph, paragraphsOf, renderPage } from './page.js';

export interface AdminNotification {
  subject: string;
  /** Blank lines part paragraphs. */
  content: string;
  facts: readonly { label: string; value: string }[];
  chart?: Chart | undefined;
}

const footer = 'You get this mail because you are named in ADMIN_EMAILS.';
const chartName = 'chart';

/** A report or a warning: text, a table, and a chart as an inline picture, whose figures the text form lists. */
export function renderAdminNotification({ subject, content, facts, chart }: AdminNotification): MailContent {
  const paragraphs = paragraphsOf(content);
  const [first = '', ...others] = paragraphs;
  const parts = [paragraph(first), table(facts), ...(chart ? [picture(chart)] : []), ...others.map(paragraph)];
  const html = renderPage({
    language: 'en',
    title: subject,
    preheader: first,
    body: markup`${parts}`,
    footer: markup`${footer}`,
  });
  const text = [first, factLines(facts), chart ? chartLines(chart) : '', ...others, `-- \n${footer}`];
  return {
    subject,
    text: `${text.filter((part) => part !== '').join('\n\n')}\n`,
    html,
    ...(chart && { attachments: [inlinePicture(chart)] }),
  };
}

const factLines = (facts: AdminNotification['facts']) =>
  facts.map(({ label, value }) => `${label}: ${value}`).join('\n');

function chartLines({ title, labels, series }: Chart): string {
  const lines = labels.map(
    (label, place) => `${label}: ${series.map(({ name, values }) => `${name} ${values[place]}`).join(', ')}`,
  );
  return [`${title}:`, ...lines].join('\n');
}

function table(facts: AdminNotification['facts']): Markup {
  if (facts.length === 0) return markup``;
  const rows = facts.map(
    ({
      label,
      value,
    }) => markup`<tr><th align="left" scope="row" style="padding:4px 16px 4px 0;font-weight:400;">${label}</th>
<td align="right" style="padding:4px 0;font-weight:600;">${value}</td></tr>\n`,
  );
  return markup`<table style="margin:16px 0 0;font-size:16px;color:#1f2937;">\n${rows}</table>\n`;
}

function picture(chart: Chart): Markup {
  const { title, labels, series } = chart;
  const { width, height } = chartSize;
  const style = 'display:block;width:100%;height:auto;border:0;';
  const span = `${labels[0]} to ${labels.at(-1)}; the top line is ${highestOf(series)}.`;
  return markup`<p style="margin:24px 0 8px;font-weight:600;">${title}</p>
<img src="cid:${chartName}" width="${width}" height="${height}" alt="${altOf(chart)}" style="${style}">
<p style="margin:8px 0 0;font-size:14px;color:#4b5563;">${span}<br>${series.map(legendOf)}</p>\n`;
}

function legendOf({ name }: Chart['series'][number], index: number): Markup {
  const colour = seriesColours[index] ?? '#000000';
  return markup`<span style="color:${colour};">&#9632;</span> ${name}&nbsp;&nbsp; `;
}

/** For who does not see the picture, and for clients that load none. */
function altOf({ title, series }: Chart): string {
  return `${title}. ${series.map(({ name, values }) => `${name}: ${values.join(', ')}.`).join(' ')}`;
}

function inlinePicture(chart: Chart) {
  return { filename: 'chart.png', contentType: 'image/png', content: barChart(chart), cid: chartName };
}
