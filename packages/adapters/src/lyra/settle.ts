import type { Address, Call, Hex } from '@evenkeel/core';
import { Interface } from 'ethers';
import { deepFreeze } from '../common/freeze.js';
import type { LyraMarket } from './market.js';
import { readLyraBook } from './read.js';

/** What settling needs besides. */
export interface LyraSettling extends LyraMarket {
  /** Holds the collateral, and pays options out. */
  readonly shortCollateral: Address;
}

const settlementAbi = new Interface(['function settleExpiredBoard(uint256 boardId)']);
const payoutAbi = new Interface(['function settleOptions(uint256[] positionIds)']);

/** Boards and positions of an owner whose time has come, and the calls that end them. */
export interface LyraSettlement {
  /** That have expired and that nobody has settled. */
  readonly boardIds: readonly bigint[];
  /** On boards that are settled, or will be by the calls. */
  readonly positionIds: readonly bigint[];
  /** To be sent in this order; none where nothing has expired. Anybody may send them: what is paid goes to the owner. */
  readonly calls: readonly Call[];
}

/**
 * What has expired of an owner's options, and how it is turned into money: boards are settled at the market's price of
 * that moment, and positions paid out of the collateral.
 *
 * @throws {ContractUnreadableError} and what the chain throws
 * @example
 * ```ts
 * const { calls } = await lyraSettlement(market, owner, signal)
 * ```
 */
export async function lyraSettlement(
  market: LyraSettling,
  owner: Address,
  signal: AbortSignal,
): Promise<LyraSettlement> {
  const { block, positions } = await readLyraBook(market, owner, signal);
  const ended = positions.filter(
    ({ expirySeconds, settlement }) => settlement !== undefined || expirySeconds <= block.timeSeconds,
  );
  const unsettled = ended.filter(({ settlement }) => settlement === undefined);
  const boardIds = [...new Set(unsettled.map(({ boardId }) => boardId))];
  const positionIds = ended.map(({ positionId }) => positionId);
  const call = (to: Address, data: string, description: string): Call => {
    const gas = { minGasLimit: MIN_GAS_LIMIT };
    return { chainId: market.chain.id, to, data: data as Hex, valueWei: 0n, purpose: 'action', ...gas, description };
  };
  const boardCalls = boardIds.map((id) =>
    call(
      market.optionMarket,
      settlementAbi.encodeFunctionData('settleExpiredBoard', [id]),
      `settle board ${id} of Lyra`,
    ),
  );
  const payout = payoutAbi.encodeFunctionData('settleOptions', [positionIds]);
  const payouts =
    positionIds.length === 0
      ? []
      : [call(market.shortCollateral, payout, `pay ${positionIds.length} options of Lyra out`)];
  return deepFreeze({ boardIds, positionIds, calls: [...boardCalls, ...payouts] });
}

/** A board that was settled in a simulation and one in a block differ in what the pool does beside it. */
const MIN_GAS_LIMIT = 2_000_000n;
