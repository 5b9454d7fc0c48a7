import type { ExecutionEvent } from '@evenkeel/core/execution';
import type { Portfolio, Rebalancer } from '@evenkeel/core/rebalancer';
import pc from 'picocolors';
import { heading } from './format.js';
import { quotesOf } from './quotes-of.js';
import {
  decisionText,
  exposureText,
  guardText,
  intentText,
  quotesText,
  reportText,
  routeText,
  scheduleText,
} from './sections.js';
import type { VolatilityStatement } from '../volatility/stated-volatility.js';
import { volatilityText } from './volatility-text.js';

/** Where the text goes, and a line that moves while something takes long. */
export interface Screen {
  print(text: string): void;
  /** What is being done; a person at a terminal sees it move. */
  busy(text: string): void;
  /** The same for what takes long: without a terminal it is a line of its own. */
  slow(text: string): void;
  idle(): void;
}

/** Text on standard output, progress on standard error. `quiet` keeps standard output for JSON. */
export async function screen(quiet: boolean): Promise<Screen> {
  const print = (text: string): void => {
    if (!quiet) process.stdout.write(`${text}\n`);
  };
  if (!process.stderr.isTTY) {
    return {
      print,
      busy: () => undefined,
      slow: (text) => void process.stderr.write(`${text}\n`),
      idle: () => undefined,
    };
  }
  const { default: ora } = await import('ora');
  const spinner = ora({ stream: process.stderr, discardStdin: false });
  return {
    print: (text) => {
      if (!quiet) spinner.stop();
      print(text);
    },
    busy: (text) => void spinner.start(text),
    slow: (text) => void spinner.start(text),
    idle: () => void spinner.stop(),
  };
}

/** Shows a rebalancing station by station while it happens. */
export function showRebalancing(
  rebalancer: Rebalancer,
  portfolio: Portfolio,
  volatility: VolatilityStatement,
  out: Screen,
): void {
  rebalancer.on('surveyed', (survey) => {
    out.print(heading(1, 'Exposure'));
    out.print(exposureText(survey.exposure));
    for (const { code, sentence } of survey.changes) out.print(`  ${pc.yellow(code)} ${sentence}`);
    out.print(
      `  spot ${survey.reference.price} USD, the median of ${survey.reference.pools} pools that differ by ${survey.reference.dispersionBps} bp at most`,
    );
    out.busy('Weighing cost against risk …');
  });
  rebalancer.on('decided', (decision) => {
    out.print(heading(2, 'Decision'));
    out.print(decisionText(decision));
    out.print(volatilityText(volatility));
  });
  rebalancer.on('signed', (signed) => {
    out.print(heading(3, 'Intent'));
    out.print(intentText(signed));
  });
  rebalancer.on('scheduled', (schedule) => {
    out.print(heading(4, 'Schedule'));
    out.print(scheduleText(schedule));
    out.busy('Asking all venues and bridges …');
  });
  rebalancer.on('waiting', ({ slice, untilSeconds }) => {
    out.busy(`Slice ${slice} waits until ${new Date(untilSeconds * 1000).toISOString().slice(11, 19)} …`);
  });
  rebalancer.on('routed', ({ award, route, slice, survey }) => {
    out.print(heading(5, `Quotes for slice ${slice}`));
    out.print(quotesText(quotesOf(portfolio, survey, route), survey));
    out.print(heading(6, 'Route'));
    out.print(routeText(route));
    for (const { adapter, sentence } of award.contestants) out.print(`  award: ${adapter}: ${sentence}`);
    for (const { adapter, sentence } of award.refusals ?? []) out.print(`  refused: ${adapter}: ${sentence}`);
    out.busy('Simulating every step …');
  });
  rebalancer.on('delegated', ({ sentence }) => {
    out.print(`  ${pc.magenta('⇄')} ${sentence}`);
    out.busy('Waiting for the network …');
  });
  rebalancer.on('replanned', ({ sentence }) => out.print(`  ${pc.yellow('!')} ${sentence}`));
  rebalancer.on('execution', (event) => showExecution(event, out));
  rebalancer.on('reported', (report) => {
    out.print(heading(9, 'Report'));
    out.print(reportText(report));
  });
}

function showExecution(event: ExecutionEvent, out: Screen): void {
  const mark = event.simulated ? pc.dim(' (simulated)') : '';
  switch (event.type) {
    case 'programme-guarded':
      out.print(heading(7, `Guard${mark}`));
      out.print(guardText(event.reports));
      out.print(heading(8, `Execution${mark}`));
      out.busy('Executing …');
      return;
    case 'step-done':
    case 'step-skipped':
      out.print(`  ${pc.green('✔')} ${event.sentence}${mark}`);
      out.busy('Executing …');
      return;
    case 'step-failed':
    case 'step-cancelled':
    case 'step-reorganised':
    case 'step-replaced':
    case 'step-waiting':
      out.print(`  ${pc.yellow('!')} ${event.sentence}${mark}`);
      out.busy('Executing …');
      return;
    case 'transfer-status':
      out.print(`  ${pc.magenta('⇄')} ${event.sentence}${mark}`);
      out.busy('Waiting for the transfer …');
      return;
    case 'programme-finished':
      out.print(`  ${event.sentence}${mark}`);
      out.busy('Reading what it came to …');
      return;
    case 'programme-started':
    case 'programme-resumed':
    case 'step-guarded':
    case 'step-reserved':
    case 'step-signed':
    case 'step-sent':
    case 'step-cancelling':
      out.busy(event.sentence);
  }
}
