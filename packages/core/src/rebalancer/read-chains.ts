import { EvenkeelError } from '@evenkeel/intents';
import type { TokenAmount } from '../model/token.js';
import type { Clock } from '../ports/ambient.js';
import type { Chain } from '../ports/chain.js';
import { balancesOn } from './balances.js';
import { ChainHaltedError } from './errors.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';

/** A chain whose node gives no true answer: nothing is bought, sold or sent there as long as it is so. */
export interface SilentChain {
  readonly chainId: number;
  /** Stable code of what the node did. */
  readonly code: string;
  readonly sentence: string;
}

/** A chain that answers: what is held there, and what a unit of gas costs. */
export interface LiveChain {
  readonly chainId: number;
  readonly balances: readonly TokenAmount[];
  /** Wei per unit of gas: the next block's base fee and a tip. */
  readonly gasPriceWei: bigint;
}

/**
 * Asks all chains at once, each for no longer than the portfolio's limit. One that fails is left out and named; its
 * silence stops only what depends on it.
 */
export async function readChains(
  portfolio: Portfolio,
  ports: Pick<RebalancerPorts, 'account' | 'chains' | 'clock'>,
  signal: AbortSignal,
): Promise<{ readonly live: readonly LiveChain[]; readonly silent: readonly SilentChain[] }> {
  const answers = await Promise.all(ports.chains.map((chain) => readChain(portfolio, ports, chain, signal)));
  return Object.freeze({
    live: Object.freeze(answers.filter((answer) => 'balances' in answer)),
    silent: Object.freeze(answers.filter((answer) => 'sentence' in answer)),
  });
}

async function readChain(
  portfolio: Portfolio,
  { account, clock }: Pick<RebalancerPorts, 'account' | 'clock'>,
  chain: Chain,
  signal: AbortSignal,
): Promise<LiveChain | SilentChain> {
  const { solicitMs } = portfolio.limits;
  const own = AbortSignal.any([signal, AbortSignal.timeout(solicitMs)]);
  try {
    const [balances, fees] = await Promise.all([
      balancesOn(portfolio, account, chain, own),
      chain.fees(own),
      assertGoesOn(chain, portfolio, clock, own),
    ]);
    const gasPriceWei = fees.baseFeeWei + fees.priorityFeeWei;
    return Object.freeze({ chainId: chain.id, balances, gasPriceWei });
  } catch (error) {
    signal.throwIfAborted();
    if (own.aborted) {
      const sentence = `${chain.name} gave no answer within ${solicitMs} ms.`;
      return Object.freeze({ chainId: chain.id, code: 'RPC_TIMEOUT', sentence });
    }
    return error instanceof EvenkeelError
      ? Object.freeze({ chainId: chain.id, code: error.code, sentence: `${chain.name}: ${error.message}` })
      : Object.freeze({ chainId: chain.id, code: 'CHAIN_FAILED', sentence: `${chain.name} cannot be read.` });
  }
}

/**
 * A chain that makes no blocks answers as well as any other, with prices of the past; what is sent to it may be mined at any
 * time.
 *
 * @throws {ChainHaltedError} CHAIN_HALTED
 */
export async function assertGoesOn(
  chain: Chain,
  { limits }: Pick<Portfolio, 'limits'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { maxBlockAgeSeconds } = limits;
  if (maxBlockAgeSeconds === undefined) return;
  const { number, timeSeconds } = await chain.block('latest', signal);
  const ageSeconds = Math.floor(clock.now() / 1000) - timeSeconds;
  if (ageSeconds > maxBlockAgeSeconds) throw new ChainHaltedError(chain.name, number, ageSeconds);
}
