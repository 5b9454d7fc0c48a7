import type { Journal, Random } from '@evenkeel/core';
import { createHedgingRebalancer, type InstrumentRebalancer } from '@evenkeel/core/hedger';
import type { Portfolio, RebalancerPorts } from '@evenkeel/core/rebalancer';
import { contendersOf, daysLeft, type HedgeContext } from './contenders.js';
import type { Run } from './run.js';
import {
  ANNUAL_VOLATILITY,
  CAPITAL_RATE,
  DEADLINE_SECONDS,
  MARGIN_LIMITS,
  policyFor,
  RISK_WEIGHT,
  SLIPPAGE_BPS,
} from './terms.js';

/** What the loop needs besides the run: where it writes down what it does, and chance. */
export interface LoopParts {
  readonly journal: Journal;
  readonly random: Random;
}

/**
 * The book's rebalancer at one time: the loop that every portfolio has, with perpetuals and loans of all chains beside spot
 * through the pools of all chains. Its horizon is what is left until expiry, so that each look has one of its own; the journal
 * is one for all.
 *
 * @param kinds what competes beside routed spot, or may be traded by itself
 */
export function rebalancerAt(
  run: Run,
  context: HedgeContext,
  kinds: Parameters<typeof contendersOf>[2],
): InstrumentRebalancer {
  const { markets } = run;
  return createHedgingRebalancer(portfolioOf(run, context), portsOf(run), {
    adapters: kinds.map((kind) => markets.adapters[kind]),
    contenders: ({ readings }) => contendersOf(readings, context, kinds),
    terms: {
      days: daysLeft(context),
      capitalRate: CAPITAL_RATE,
      riskWeight: RISK_WEIGHT,
      marginLimits: MARGIN_LIMITS,
    },
  });
}

function portfolioOf({ markets, owner, stepSeconds }: Run, { expirySeconds, nowSeconds }: HedgeContext): Portfolio {
  return {
    name: 'options',
    underlying: 'ETH',
    owner,
    baseTokens: markets.chains.map(({ tokens }) => tokens.WETH),
    quoteTokens: markets.chains.map(({ tokens }) => tokens.USDC),
    policy: policyFor(stepSeconds),
    schedule: { kind: 'single', maxParts: 1, spanSeconds: 0, recoverySeconds: 1, volumeProfile: [1] },
    limits: {
      slippageBps: SLIPPAGE_BPS,
      maxHops: 6,
      deadlineSeconds: DEADLINE_SECONDS,
      solicitMs: 30_000,
      maxAgeSeconds: 600,
      maxDisagreementBps: 500,
    },
    annualRate: 0,
    horizonSeconds: Math.max(3_600, expirySeconds - nowSeconds),
    latencySeconds: 12,
    nativePrices: {},
    confirmations: {},
    nodeBudget: 10,
    execution: { pollMs: 20 },
  };
}

function portsOf({ account, clock, loop, markets }: Run): RebalancerPorts {
  return {
    chains: markets.chains.map(({ chain }) => chain),
    venues: markets.venues,
    bridges: [],
    sources: markets.chains.flatMap(({ sources }) => sources),
    account,
    volatility: {
      realised: () => {
        const asOf = { source: 'demonstration', timeSeconds: Math.floor(clock.now() / 1_000) };
        return Promise.resolve({ value: String(ANNUAL_VOLATILITY), asOf });
      },
    },
    journal: loop.journal,
    clock,
    random: loop.random,
  };
}
