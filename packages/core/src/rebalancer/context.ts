import type { ExecutionParts } from '../execution/context.js';
import type { Decimal } from '../model/decimal.js';
import type { EventHub } from './events.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';
import type { Survey } from './survey.js';

/** What all steps of one rebalancing share. */
export interface Context {
  readonly portfolio: Portfolio;
  readonly ports: RebalancerPorts;
  readonly hub: EventHub;
  /** For a change that somebody asks for, or towards the target. */
  readonly look: (signal: AbortSignal, requested?: Decimal) => Promise<Survey>;
}

/** What the portfolio's programmes are executed with. */
export function executionParts(
  { hub, portfolio, ports }: Context,
  dryRun: boolean,
  signal: AbortSignal,
): ExecutionParts {
  const { account, bridges, chains, clock, journal, logger, venues } = ports;
  return {
    accounts: [account],
    chains,
    adapters: [...venues, ...bridges],
    tokens: [...portfolio.baseTokens, ...portfolio.quoteTokens],
    journal,
    clock,
    signal,
    onEvent: (event) => hub.emit('execution', event),
    options: { dryRun, confirmations: portfolio.confirmations, ...portfolio.execution },
    ...(logger === undefined ? {} : { logger }),
  };
}

export function nowSeconds({ clock }: Pick<RebalancerPorts, 'clock'>): number {
  return Math.floor(clock.now() / 1000);
}
