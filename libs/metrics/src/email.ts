import { requestSeconds } from './buckets.js';
import { counter, histogram } from './registry.js';

export const smtpClasses = ['2xx', '4xx', '5xx', 'timeout', 'connect'] as const;
export type SmtpClass = (typeof smtpClasses)[number];

/** Mail handed to the SMTP server. The class of its answer is a label, its text never is. */
export const emailMetrics = {
  sent: counter('email_send_total', 'Attempts to hand a mail over, by template and class of the answer.', [
    'template',
    'smtp_class',
  ]),
  duration: histogram(
    'email_send_duration_seconds',
    'How long handing a mail over took.',
    [...requestSeconds, 30],
    ['template'],
  ),
  suppressed: counter('email_suppressed_total', 'Mails not sent to a suppressed address, by template and reason.', [
    'template',
    'reason',
  ]),
};

const zeroed = new Set<string>();

/** Sets every label combination of these templates and reasons to 0; call it at start-up. Calling it twice changes nothing. */
export function initialiseEmailLabels(templates: readonly string[], suppressionReasons: readonly string[] = []): void {
  for (const template of templates) {
    for (const reason of suppressionReasons) emailMetrics.suppressed.inc({ template, reason }, 0);
    for (const smtp_class of smtpClasses) emailMetrics.sent.inc({ template, smtp_class }, 0);
    if (!zeroed.has(template)) emailMetrics.duration.zero({ template });
    zeroed.add(template);
  }
}
