import { type Address, fromAtoms } from '@evenkeel/core';
import { type MarginLimits, marginBreaches, marginState, perpetualMargin } from '@evenkeel/core/margin';
import type { VenueCondition, VenueHappening, VenueWatch } from '@evenkeel/core/watch';
import { Interface, type Result } from 'ethers';
import * as v from 'valibot';
import { balanceRead } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { happeningsOf, type WatchedBlocks } from '../common/happenings.js';
import { contractRead, optionalRead, readContracts } from '../common/read.js';
import { baseTokenAbi, clearingHouseConfigAbi } from './abi.js';
import { readPerpV2Account } from './account.js';
import { perpV2Margin } from './margin.js';
import type { PerpV2Market } from './market.js';
import { readPerpV2Terms } from './terms.js';

export interface PerpV2WatchOptions {
  /** What the account should keep. Absent: its margin is not looked at. */
  readonly marginLimits?: MarginLimits;
  /** How far a trade may end from the feed, as a share of it. Default: 0.1, as on Optimism. */
  readonly priceBand?: number;
  /** Funding of less than so much of the position's value a day is nothing. Default: 0.0001. */
  readonly fundingPerDay?: number;
}

const pauseAbi = new Interface(['function isOpen() view returns (bool)']);
const liquidationAbi = new Interface([
  'event PositionLiquidated(address indexed trader, address indexed baseToken, uint256 positionNotional, uint256 positionSize, uint256 liquidationFee, address liquidator)',
]);
const WAD = { decimals: 18 } as const;
/** Nearer than this to an edge counts as at it. */
const AT_EDGE = 0.98;

/**
 * Watches an account on a market of Perp v2: funding that is paid, a margin that comes near to liquidation, a market that
 * is paused, whose feed does not answer, or whose price is at the edge of its band, a vault that takes no more deposits; and
 * liquidations.
 *
 * @throws {ContractUnreadableError} and what the chain throws, by `look`
 * @example
 * ```ts
 * const { changes } = await pollVenues([perpV2Watch(market, { marginLimits })], owner, memory, signal)
 * ```
 */
export function perpV2Watch(market: PerpV2Market, options: PerpV2WatchOptions = {}): VenueWatch {
  const id = `perp-v2-${market.chain.id}`;
  return Object.freeze({
    id,
    look: async (owner: Address, sinceBlock: number | undefined, signal: AbortSignal) => {
      const venue = await venueState(market, signal);
      const account =
        venue.isClosed || venue.index === undefined ? [] : await ofAccount(market, id, owner, options, signal);
      const happened = await liquidations(market, owner, { sinceBlock, toBlock: venue.blockNumber }, signal);
      const conditions = [...ofVenue(market, id, venue), ...account];
      return deepFreeze({ conditions, happened, blockNumber: venue.blockNumber });
    },
  });
}

interface VenueState {
  readonly isClosed: boolean;
  /** Absent where the feed does not answer. */
  readonly index: bigint | undefined;
  readonly cap: bigint;
  readonly inVault: bigint;
  readonly blockNumber: number;
}

async function venueState(market: PerpV2Market, signal: AbortSignal): Promise<VenueState> {
  const { baseToken, chain, clearingHouseConfig, settlementToken, vault } = market;
  const { block, values } = await readContracts(
    chain,
    [
      contractRead(pauseAbi, baseToken.address, 'isOpen', [], v.boolean()),
      optionalRead(contractRead(baseTokenAbi, baseToken.address, 'getIndexPrice', [0n], v.bigint())),
      contractRead(clearingHouseConfigAbi, clearingHouseConfig, 'getSettlementTokenBalanceCap', [], v.bigint()),
      balanceRead(settlementToken, vault),
    ],
    signal,
  );
  const [isOpen, index, cap, inVault] = values;
  return { isClosed: !isOpen, index, cap, inVault, blockNumber: block.number };
}

function ofVenue(
  { baseToken, chain, settlementToken }: PerpV2Market,
  id: string,
  { cap, inVault, index, isClosed }: VenueState,
): readonly VenueCondition[] {
  const name = `${baseToken.symbol} of Perp v2 on ${chain.name}`;
  const conditions: VenueCondition[] = [];
  if (isClosed) {
    const sentence = `${name} is paused: nothing can be traded on it, not even to close.`;
    conditions.push({ id, code: 'MARKET_PAUSED', sentence, answer: 'hedge-elsewhere' });
  }
  if (index === undefined) {
    const sentence = `The price feed of ${name} does not answer.`;
    conditions.push({ id, code: 'FEED_HALTED', sentence, answer: 'hedge-elsewhere' });
  }
  if (inVault >= cap) {
    const held = fromAtoms(settlementToken, inVault);
    const sentence = `The vault of ${name} is full with ${held} ${settlementToken.symbol}: no margin can be added.`;
    conditions.push({ id, code: 'DEPOSIT_CAP', sentence, answer: 'hedge-elsewhere' });
  }
  return conditions;
}

async function ofAccount(
  market: PerpV2Market,
  id: string,
  owner: Address,
  { fundingPerDay = 0.0001, marginLimits, priceBand = 0.1 }: PerpV2WatchOptions,
  signal: AbortSignal,
): Promise<readonly VenueCondition[]> {
  const { baseToken, chain } = market;
  const name = `${baseToken.symbol} of Perp v2 on ${chain.name}`;
  const [terms, account, { values }] = await Promise.all([
    readPerpV2Terms(market, owner, signal),
    readPerpV2Account(market, owner, signal),
    readContracts(chain, [contractRead(baseTokenAbi, baseToken.address, 'getIndexPrice', [0n], v.bigint())], signal),
  ]);
  const index = Number(fromAtoms(WAD, values[0]));
  const size = Number(account.sizeUnits);
  const conditions: VenueCondition[] = [];
  const distance = terms.poolPrice / index - 1;
  if (Math.abs(distance) >= AT_EDGE * priceBand) {
    const sentence = `${name} stands ${(100 * distance).toFixed(1)} % from its feed, and may go no further.`;
    conditions.push({ id, code: 'PRICE_BAND', sentence, answer: 'hedge-elsewhere' });
  }
  const paid = (Math.sign(size) * terms.fundingPerUnitDay) / index;
  if (size !== 0 && paid > fundingPerDay) {
    const sentence = `${size} ${baseToken.symbol} pay ${(10_000 * paid).toFixed(2)} bp of funding a day on ${chain.name}.`;
    conditions.push({ id, code: 'FUNDING_AGAINST', sentence, answer: 'compare' });
  }
  if (size !== 0 && marginLimits !== undefined) {
    const margin = perpetualMargin(perpV2Margin(account));
    if (marginBreaches(margin, marginLimits).length > 0) {
      const { distance: away, leverage } = marginState(margin);
      const sentence = `${size} ${baseToken.symbol} on ${chain.name} are liquidated if the price moves by ${(100 * away).toFixed(1)} %; leverage is ${leverage.toFixed(1)}.`;
      conditions.push({ id, code: 'MARGIN_NEAR', sentence, answer: 'add-margin' });
    }
  }
  return conditions;
}

function liquidations(
  { baseToken, chain, clearingHouse }: PerpV2Market,
  owner: Address,
  blocks: WatchedBlocks,
  signal: AbortSignal,
): Promise<readonly VenueHappening[]> {
  const told = { abi: liquidationAbi, event: 'PositionLiquidated', address: clearingHouse };
  const tell = ([, , , size, fee]: Result) => {
    const [units, dollars] = [fromAtoms(WAD, size as bigint), Number(fromAtoms(WAD, fee as bigint)).toFixed(2)];
    const sentence = `Somebody liquidated ${units} ${baseToken.symbol} of this account on ${chain.name}, for a fee of ${dollars}.`;
    return { code: 'LIQUIDATED', sentence, answer: 'rehedge' } as const;
  };
  return happeningsOf(chain, { ...told, indexed: [owner, baseToken.address] }, blocks, tell, signal);
}
