import { type Address, type Call, fromAtoms, type Hex } from '@evenkeel/core';
import { Interface } from 'ethers';
import { approveCalls, revokeCall } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { atLeast, atMost } from '../instruments/request.js';
import { rehearse } from '../instruments/simulate.js';
import { optionMarketAbi } from './abi.js';
import { LyraForceCloseRefusedError, LyraPositionUnknownError } from './errors.js';
import { isLong, LYRA_KINDS, type LyraTrading } from './market.js';
import { allowanceOf, type LyraOrder } from './orders.js';
import { readLyraBook } from './read.js';

/** A position as the venue closes it in an emergency, and the calls that do it. */
export interface LyraForceClosing {
  readonly positionId: bigint;
  /** Atoms of the quote asset: what closing a written option costs, or a held one brings, fees and penalty included. */
  readonly costAtoms: bigint;
  /** To be sent by the owner, in this order. */
  readonly calls: readonly Call[];
}

export interface LyraForceCloseTerms {
  readonly owner: Address;
  readonly positionId: bigint;
  /** Tolerance against what was simulated, enforced by the market. */
  readonly slippageBps: number;
}

const refusalsAbi: Interface = new Interface([
  'error ForceCloseDeltaOutOfRange(address thrower, int256 strikeCallDelta, int256 minDelta, int256 maxDelta)',
]);
/** More than any option costs, for rehearsals. */
const UNBOUNDED = 2n ** 128n;
/** As other orders: the averages may write slots that an estimate did not see. */
const MIN_GAS_LIMIT = 2_000_000n;

/**
 * Closes a whole position by the market's emergency way, at its worse price: for options whose delta has left the range in
 * which they are traded, and in the last hours of a board. What `force-close` of a watch asks for.
 *
 * @throws {LyraPositionUnknownError} {@link LyraForceCloseRefusedError}, CONTRACT_UNREADABLE and what the chain throws
 * @example
 * ```ts
 * const { calls, costAtoms } = await lyraForceClose(market, { owner, positionId: 7n, slippageBps: 100 }, signal)
 * ```
 */
export async function lyraForceClose(
  market: LyraTrading,
  { owner, positionId, slippageBps }: LyraForceCloseTerms,
  signal: AbortSignal,
): Promise<LyraForceClosing> {
  const { baseAsset, chain, optionMarket, quoteAsset } = market;
  const { positions } = await readLyraBook(market, owner, signal);
  const held = positions.find((each) => each.positionId === positionId);
  if (held === undefined) {
    throw new LyraPositionUnknownError(
      positionId,
      positions.map((each) => each.positionId),
    );
  }
  const { amount, collateral, kind, strikeId } = held;
  const loose: LyraOrder = {
    ...{ verb: 'close', kind, strikeId, positionId, amount },
    ...{ collateral: 0n, minTotalCost: 0n, maxTotalCost: UNBOUNDED },
  };
  const rights = [quoteAsset, baseAsset].flatMap((token) => approveCalls(token, optionMarket, UNBOUNDED, false));
  const tried = await rehearse(chain, owner, [...rights, closingCall(market, loose)], {}, signal);
  if (tried.failed !== undefined) {
    const { data, error = 'no reason' } = tried.failed.result;
    throw new LyraForceCloseRefusedError(positionId, refusalsAbi.parseError(data)?.name ?? error);
  }
  const [result] = optionMarketAbi.decodeFunctionResult('forceClosePosition', tried.results.at(-1)!.data);
  const costAtoms = (result as readonly bigint[])[1]!;
  const order: LyraOrder = isLong(kind)
    ? { ...loose, minTotalCost: atLeast(costAtoms, slippageBps) }
    : { ...loose, maxTotalCost: atMost(costAtoms, slippageBps) };
  const { base, quote } = isLong(kind) ? { base: 0n, quote: 0n } : allowanceOf(order, collateral);
  const allowed = [
    { token: quoteAsset, atoms: quote },
    { token: baseAsset, atoms: base },
  ].filter(({ atoms }) => atoms > 0n);
  return deepFreeze({
    positionId,
    costAtoms,
    calls: [
      ...allowed.flatMap(({ atoms, token }) => approveCalls(token, optionMarket, atoms, false)),
      closingCall(market, order),
      ...allowed.map(({ token }) => revokeCall(token, optionMarket)),
    ],
  });
}

function closingCall({ chain, optionMarket }: LyraTrading, order: LyraOrder): Call {
  const { amount, collateral, kind, maxTotalCost, minTotalCost, positionId, strikeId } = order;
  const terms = [strikeId, positionId, 1n, LYRA_KINDS.indexOf(kind), amount, collateral, minTotalCost, maxTotalCost];
  return {
    chainId: chain.id,
    to: optionMarket,
    data: optionMarketAbi.encodeFunctionData('forceClosePosition', [terms]) as Hex,
    valueWei: 0n,
    purpose: 'action',
    minGasLimit: MIN_GAS_LIMIT,
    description: `force-close ${fromAtoms({ decimals: 18 }, amount)} ${kind} of strike ${strikeId} on Lyra`,
  };
}
