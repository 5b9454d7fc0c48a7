import { cow, cowOrderBook } from '@evenkeel/adapters/cow';
import { oif } from '@evenkeel/adapters/oif';
import { uniswapx, type UniswapXChain, uniswapXHttp, type UniswapXNetwork } from '@evenkeel/adapters/uniswapx';
import type { Account, Clock, Journal, SolverAdapter } from '@evenkeel/core';
import { ordersInFlight, solverNetworks } from '@evenkeel/core/networks';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import { InvalidInputError } from '@evenkeel/intents';
import type { PortfolioConfig } from '../config/complete.js';
import type { SolversConfig } from '../config/solvers-schema.js';
import { baseToken, type ConnectedChain } from './adapters.js';

export interface SolverSurroundings {
  readonly account: Account;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** A network that no configuration of a portfolio names, with the terms where it names none at all. */
  readonly more?: { readonly adapter: SolverAdapter; readonly patienceSeconds: number; readonly proofSeconds: number };
}

/** How long a network that was told to stop may go on before it is said to ignore that. */
const GRACE_MS = 50;

/**
 * The solver networks of a configuration, as the loop asks them, and their live orders as doubts of the exposure; nothing
 * where it names none.
 *
 * @throws {InvalidInputError} for a chain that is not configured, one that stands there twice, and a key that is missing
 */
export function networksOf(
  config: PortfolioConfig,
  chains: readonly ConnectedChain[],
  surroundings: SolverSurroundings,
): Pick<RebalancerPorts, 'networks' | 'inFlight'> {
  const { owner, pollMs, solvers: stated, underlying } = config;
  const { account, journal, more } = surroundings;
  const named = stated === undefined ? [] : solversOf(stated, chains, surroundings);
  const solvers = more === undefined ? named : [...named, more.adapter];
  if (solvers.length === 0) return {};
  const { answerSeconds, handicapBps, patienceSeconds, proofSeconds } = stated ?? { ...NOBODY_ASKED, ...more! };
  const book = { owner, underlying, baseTokens: chains.map((each) => baseToken(each.config)) };
  return {
    networks: solverNetworks({
      solvers,
      account,
      journal,
      round: { deadlineMs: answerSeconds * 1000, graceMs: GRACE_MS },
      patienceSeconds,
      proofSeconds,
      handicapBps,
      pollMs,
    }),
    inFlight: () => ordersInFlight(journal, book),
  };
}

/** Where nobody bids, nobody is waited for. */
const NOBODY_ASKED = { answerSeconds: 1, handicapBps: 0 };

function solversOf(
  stated: SolversConfig,
  chains: readonly ConnectedChain[],
  surroundings: SolverSurroundings,
): readonly SolverAdapter[] {
  const solvers = [
    ...cowOf(stated, chains, surroundings),
    ...uniswapxOf(stated, chains, surroundings),
    ...oifOf(stated, chains, surroundings),
  ];
  if (solvers.length > 0) return solvers;
  const hint = 'Name one under cow, uniswapx or oif, or leave solvers out.';
  throw new InvalidInputError('solvers', undefined, 'names no network', hint);
}

/** One adapter for all chains: an order says on which chain it is. */
function cowOf(
  { cow: stated, patienceSeconds }: SolversConfig,
  chains: readonly ConnectedChain[],
  { clock }: SolverSurroundings,
): readonly SolverAdapter[] {
  if (stated === undefined) return [];
  const { chains: entries, slippageBps } = stated;
  const places = byChain('cow.chains', entries, chains, ({ apiUrl, settlement, vaultRelayer }, { chain }) => {
    return { chain, settlement, vaultRelayer, orderBook: cowOrderBook({ url: apiUrl, clock }) };
  });
  return [cow({ chains: places, clock, orderSeconds: patienceSeconds, slippageBps })];
}

/** One adapter for all chains, each with a service of its own. */
function uniswapxOf(
  { patienceSeconds, uniswapx: stated }: SolversConfig,
  chains: readonly ConnectedChain[],
  { clock, env }: SolverSurroundings,
): readonly SolverAdapter[] {
  if (stated === undefined) return [];
  const { chains: entries, decayBps, decaySeconds } = stated;
  const places = byChain('uniswapx.chains', entries, chains, (entry, { chain, config }): UniswapXChain => {
    const { permit2 } = config.contracts;
    const { quoter, reactor } = entry;
    const shared = { chain, reactor, quoter, ...(permit2 === undefined ? {} : { permit2 }) };
    return entry.kind === 'v2-dutch'
      ? { ...shared, kind: 'v2-dutch', cosigner: entry.cosigner }
      : { ...shared, kind: 'exclusive-dutch' };
  });
  const services = byChain('uniswapx.chains', entries, chains, (entry, _, field) => {
    const { apiKeyEnv, orderUrl, quoteUrl } = entry;
    const exclusivity =
      entry.kind === 'v2-dutch' ? {} : { exclusivitySeconds: entry.exclusivitySeconds, overrideBps: entry.overrideBps };
    const order = orderUrl === undefined ? {} : { orderUrl };
    return uniswapXHttp({ quoteUrl, clock, ...order, ...exclusivity, ...keyOf(apiKeyEnv, `${field}.apiKeyEnv`, env) });
  });
  const network: UniswapXNetwork = {
    quote: (request, signal) => services[request.chainId]!.quote(request, signal),
    post: (order, signal) => services[order.chainId]!.post(order, signal),
  };
  return [uniswapx({ chains: places, network, clock, orderSeconds: patienceSeconds, decayBps, decaySeconds })];
}

/** One adapter a service. */
function oifOf(
  { oif: services }: SolversConfig,
  chains: readonly ConnectedChain[],
  { clock, env }: SolverSurroundings,
): readonly SolverAdapter[] {
  return services.map(({ apiKeyEnv, apiUrl, chains: entries }, index) => {
    const places = byChain(`oif.${index}.chains`, entries, chains, (entry, { chain, config }) => {
      const { finalAfterBlocks, inputOracle, inputSettler, outputOracle, outputSettler } = entry;
      const { contracts, resetAllowance } = config;
      return {
        chain,
        inputSettler,
        outputSettler,
        inputOracle,
        outputOracle,
        resetAllowance,
        ...(contracts.permit2 === undefined ? {} : { permit2: contracts.permit2 }),
        ...(finalAfterBlocks === undefined ? {} : { finalAfterBlocks }),
      };
    });
    const id = index === 0 ? 'oif' : `oif-${index + 1}`;
    return oif({ apiUrl, chains: places, clock, id, ...keyOf(apiKeyEnv, `solvers.oif.${index}.apiKeyEnv`, env) });
  });
}

function byChain<E extends { readonly chainId: number }, T>(
  section: string,
  entries: readonly E[],
  chains: readonly ConnectedChain[],
  make: (entry: E, chain: ConnectedChain, field: string) => T,
): Record<number, T> {
  const made: Record<number, T> = {};
  entries.forEach((entry, index) => {
    const { chainId } = entry;
    const field = `solvers.${section}.${index}`;
    const found = chains.find(({ config }) => config.id === chainId);
    if (found === undefined) {
      throw new InvalidInputError(`${field}.chainId`, chainId, 'is not among the chains', 'Add it to chains.');
    }
    if (made[chainId] !== undefined) {
      throw new InvalidInputError(`${field}.chainId`, chainId, 'stands there twice', 'Give one entry a chain.');
    }
    made[chainId] = make(entry, found, field);
  });
  return made;
}

function keyOf(variable: string | undefined, field: string, env: NodeJS.ProcessEnv): { readonly apiKey?: string } {
  if (variable === undefined) return {};
  const apiKey = env[variable];
  if (apiKey !== undefined && apiKey !== '') return { apiKey };
  throw new InvalidInputError(field, variable, 'names a variable that is not set', 'Set it to the key of the service.');
}
