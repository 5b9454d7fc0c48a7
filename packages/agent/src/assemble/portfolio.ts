import { eoaAccount, type EoaSigner } from '@evenkeel/accounts';
import { type Chain, type Clock, type Journal, type Logger, parsePolicyConfig, type Random } from '@evenkeel/core';
import {
  createHedgingRebalancer,
  type HedgeInstruments,
  type HedgingRebalancer,
  type Settlement,
} from '@evenkeel/core/hedger';
import { createRebalancer, type Portfolio, type RebalancerPorts } from '@evenkeel/core/rebalancer';
import { opaqueOffers } from '@evenkeel/core/solicit';
import { InvalidInputError } from '@evenkeel/intents';
import { type CandleHistory, candleHistory } from '../candles/history.js';
import type { ChainConfig, PortfolioConfig } from '../config/complete.js';
import { baseToken, bridgesOf, type ConnectedChain, quoteToken, venuesOf } from './adapters.js';
import { type OptimumOptions, preparedOptimum, type PreparedOptimum } from '../optimum/optimum.js';
import { liveTrend } from '../trend/live-trend.js';
import { logVarianceStdDev, type StatedVolatility, statedVolatility } from '../volatility/stated-volatility.js';
import { systemClock } from './ambient.js';
import { chainOf } from './chains.js';
import { instrumentsOf } from './instruments.js';
import { livePacing } from './live-pacing.js';
import { networksOf, type SolverSurroundings } from './solvers.js';
import { sourcesOf } from './sources.js';
import { type WatchedVenue, watchesOf } from './watches.js';

/** What a configuration does not hold: keys, files, chance. */
export interface Surroundings {
  readonly signer: EoaSigner;
  readonly journal: Journal;
  readonly random: Random;
  readonly env: NodeJS.ProcessEnv;
  readonly logger?: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Tables of the exact optimum: where they are kept and how they are made. Absent: the closed form decides. */
  readonly tables?: Pick<OptimumOptions, 'folder' | 'prepare'>;
  /** Files of candles, where portfolios share them. Default: read for this portfolio alone. */
  readonly history?: CandleHistory;
  /** Gives the connection to a chain, where portfolios share it. Default: one for this portfolio alone. */
  readonly connect?: (config: ChainConfig, field: string) => Chain;
  /** A network beside those that the configuration names, made for the portfolio's chains. Default: none. */
  readonly moreSolvers?: (chains: readonly ConnectedChain[]) => NonNullable<SolverSurroundings['more']>;
}

/** A portfolio with everything that its rebalancer needs. */
export interface Assembled {
  readonly portfolio: Portfolio;
  readonly ports: RebalancerPorts;
  /** Which volatility the policy uses, and the others that are known. */
  readonly volatility: StatedVolatility;
  /** What competes with spot; undefined where the configuration names nothing. */
  readonly instruments: HedgeInstruments | undefined;
  /** Venues on which things happen by themselves. */
  readonly watched: readonly WatchedVenue[];
  /** What prepares tables beside the decisions; whoever assembled it closes it. */
  readonly optimum: PreparedOptimum | undefined;
}

const EVEN_VOLUME: readonly number[] = [1, 1, 1, 1];

/**
 * Turns a checked configuration into a portfolio and its ports.
 *
 * @throws INVALID_INPUT, POLICY_CONFIG_INVALID, GUARD_ABSURD, OPTION_BOOK_INVALID, CONFIG_UNIT_MISSING
 */
export function assemble(config: PortfolioConfig, surroundings: Surroundings): Assembled {
  const { clock = systemClock, env, journal, logger, random, signer, tables } = surroundings;
  const connect = surroundings.connect ?? ((each: ChainConfig, field: string) => chainOf(each, field, env));
  const chains: readonly ConnectedChain[] = config.chains.map((each, index) => ({
    config: each,
    chain: connect(each, `chains.${index}`),
  }));
  const history = surroundings.history ?? candleHistory();
  const volatility = statedVolatility(config, clock, history);
  const logged = logger === undefined ? {} : { logger };
  const optimum =
    tables === undefined
      ? undefined
      : preparedOptimum({ ...tables, ...logged, logVarianceStdDev: () => logVarianceStdDev(volatility.state()) });
  const venues = venuesOf(config, chains);
  const configured = instrumentsOf(config, chains, venues, clock);
  const sources = sourcesOf(config, chains, clock);
  // A position that is read twice is counted twice: what both name is read once.
  const more = (configured?.sources ?? []).filter(({ id }) => !sources.some((each) => each.id === id));
  const account = eoaAccount(signer);
  const company = surroundings.moreSolvers === undefined ? {} : { more: surroundings.moreSolvers(chains) };
  const ports: RebalancerPorts = {
    chains: chains.map(({ chain }) => chain),
    venues,
    bridges: bridgesOf(config, chains, clock),
    sources: [...sources, ...more],
    account,
    volatility: volatility.feed,
    trend: liveTrend(config, history, clock),
    opaque: opaqueOffers(),
    pacing: livePacing(config.schedule.volumeFile, clock),
    journal,
    clock,
    random,
    ...networksOf(config, chains, { account, journal, clock, env, ...company }),
    ...(optimum === undefined ? {} : { optimum: optimum.port }),
    ...logged,
  };
  const { settlements, watched } = watchesOf(config, chains);
  const instruments = withSettlements(configured?.instruments, settlements);
  return { portfolio: portfolioOf(config), ports, volatility, optimum, instruments, watched };
}

/** Options are settled whether or not their delta is hedged with instruments. */
function withSettlements(
  instruments: HedgeInstruments | undefined,
  settlements: readonly Settlement[],
): HedgeInstruments | undefined {
  if (settlements.length === 0) return instruments;
  const none: HedgeInstruments = { adapters: [], contenders: () => [], terms: { days: 1, capitalRate: 0 } };
  return { ...(instruments ?? none), settlements };
}

/** The rebalancer of a portfolio: with spot alone, or with other instruments in the competition. */
export function rebalancerOf(
  portfolio: Portfolio,
  ports: RebalancerPorts,
  instruments: HedgeInstruments | undefined,
): HedgingRebalancer {
  return instruments === undefined
    ? createRebalancer(portfolio, ports)
    : createHedgingRebalancer(portfolio, ports, instruments);
}

function portfolioOf(config: PortfolioConfig): Portfolio {
  const { chains, limits, policy, schedule } = config;
  const { volumeFile, volumeProfile } = schedule;
  if (volumeFile !== undefined && volumeProfile !== undefined) {
    const hint = 'Give one of them.';
    throw new InvalidInputError('schedule.volumeProfile', volumeProfile, 'is given beside volumeFile', hint);
  }
  if (schedule.kind === 'pov' && volumeProfile === undefined && volumeFile === undefined) {
    const hint = 'Give the units that others are expected to trade in equal bins of the span, or volumeFile.';
    throw new InvalidInputError('schedule.volumeProfile', undefined, 'is missing, and pov follows it', hint);
  }
  const nativePrices = chains.flatMap(({ id, nativePriceUsd }) =>
    nativePriceUsd === undefined ? [] : [[id, nativePriceUsd] as const],
  );
  return {
    name: config.name,
    underlying: config.underlying,
    owner: config.owner,
    baseTokens: chains.map(baseToken),
    quoteTokens: chains.map(quoteToken),
    policy: parsePolicyConfig({ ...policy, maxCostBps: limits.maxCostBps }),
    schedule: {
      kind: schedule.kind,
      maxParts: schedule.maxParts,
      spanSeconds: schedule.spanSeconds,
      recoverySeconds: schedule.recoverySeconds,
      volumeProfile: volumeProfile ?? EVEN_VOLUME,
      jitterShare: schedule.jitterPercent / 100,
      participation: schedule.participationPercent / 100,
    },
    limits: {
      slippageBps: limits.slippageBps,
      maxHops: limits.maxHops,
      deadlineSeconds: limits.deadlineSeconds,
      solicitMs: limits.solicitSeconds * 1000,
      maxAgeSeconds: limits.maxAgeSeconds,
      doubtVanishedSeconds: limits.doubtVanishedSeconds,
      keepForNext: limits.keepForNext,
      ...(limits.maxBlockAgeSeconds === undefined ? {} : { maxBlockAgeSeconds: limits.maxBlockAgeSeconds }),
      maxDisagreementBps: limits.maxDisagreementPercent * 100,
    },
    annualRate: config.annualRatePercent / 100,
    horizonSeconds: config.horizonDays * 86_400,
    latencySeconds: config.latencySeconds,
    nativePrices: Object.fromEntries(nativePrices),
    confirmations: Object.fromEntries(chains.map(({ confirmations, id }) => [id, confirmations])),
    execution: { pollMs: config.pollMs, transferPollMs: config.pollMs },
    ...(config.nodeBudget === undefined ? {} : { nodeBudget: config.nodeBudget }),
  };
}
