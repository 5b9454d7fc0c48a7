import { type Address, fromAtoms, sameAddress } from '@evenkeel/core';
import { type MarginLimits, marginBreaches, marginState, perpetualMargin } from '@evenkeel/core/margin';
import type { VenueCondition, VenueHappening, VenueWatch } from '@evenkeel/core/watch';
import { Interface, type Result } from 'ethers';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { happeningsOf, type WatchedBlocks } from '../common/happenings.js';
import { contractRead, readContracts } from '../common/read.js';
import { marketAbi } from './abi.js';
import { readSynthetixPerpsAccount, type SynthetixPerpsAccount } from './account.js';
import { synthetixMargin } from './margin-account.js';
import type { SynthetixPerpsMarket } from './market.js';

export interface SynthetixPerpsWatchOptions {
  /** What the account should keep. Absent: its margin is not looked at. */
  readonly marginLimits?: MarginLimits;
  /** `PerpsV2MarketSettings`, which says how large the market may become. Absent: that is not looked at. */
  readonly marketSettings?: Address;
  /** Funding of less than so much of the position's value a day is nothing. Default: 0.0001. */
  readonly fundingPerDay?: number;
  /** A cap of which so much is used counts as reached. Default: 0.98. */
  readonly nearCap?: number;
}

const settingsAbi = new Interface(['function maxMarketValue(bytes32 marketKey) view returns (uint256)']);
const liquidationAbi = new Interface([
  'event PositionLiquidated(uint256 id, address account, address liquidator, int256 size, uint256 price, uint256 flaggerFee, uint256 liquidatorFee, uint256 stakersFee)',
]);
const WAD = { decimals: 18 } as const;
const uint = v.bigint();

/**
 * Watches an account on a market of Synthetix PerpsV2: a feed that gives no price, a market that is full on a side, funding
 * that is paid, a margin that comes near to liquidation, a liquidation that was announced; and liquidations.
 *
 * @throws {ContractUnreadableError} and what the chain throws, by `look`
 * @example
 * ```ts
 * const watch = synthetixPerpsWatch(market, { marginLimits, marketSettings })
 * const { changes } = await pollVenues([watch], owner, memory, signal)
 * ```
 */
export function synthetixPerpsWatch(
  market: SynthetixPerpsMarket,
  options: SynthetixPerpsWatchOptions = {},
): VenueWatch {
  const id = `synthetix-perps-${market.chain.id}`;
  return Object.freeze({
    id,
    look: async (owner: Address, sinceBlock: number | undefined, signal: AbortSignal) => {
      const [account, state] = await Promise.all([
        readSynthetixPerpsAccount(market, owner, signal),
        marketState(market, options, signal),
      ]);
      const { blockNumber, ...venue } = state;
      const happened = await liquidations(market, owner, { sinceBlock, toBlock: blockNumber }, signal);
      const conditions = [
        ...ofVenue(market, id, account, venue, options),
        ...ofAccount(market, id, account, venue, options),
      ];
      return deepFreeze({ conditions, happened, blockNumber });
    },
  });
}

interface MarketState {
  readonly fundingRate: number;
  /** Units a side. */
  readonly sizes: { readonly long: number; readonly short: number };
  /** Units a side may have; absent where nobody was asked. */
  readonly cap: number | undefined;
  readonly blockNumber: number;
}

async function marketState(
  { chain, market }: SynthetixPerpsMarket,
  { marketSettings }: SynthetixPerpsWatchOptions,
  signal: AbortSignal,
): Promise<MarketState> {
  const { block, values } = await readContracts(
    chain,
    [
      contractRead(marketAbi, market, 'currentFundingRate', [], uint),
      contractRead(marketAbi, market, 'marketSizes', [], v.tuple([uint, uint])),
      contractRead(marketAbi, market, 'marketKey', [], v.string()),
    ],
    signal,
  );
  const [fundingRate, [long, short], key] = values;
  const units = (atoms: bigint): number => Number(fromAtoms(WAD, atoms));
  let cap: number | undefined;
  if (marketSettings !== undefined) {
    const most = contractRead(settingsAbi, marketSettings, 'maxMarketValue', [key], uint);
    cap = units((await readContracts(chain, [most], signal)).values[0]);
  }
  const sizes = { long: units(long), short: units(short) };
  return { fundingRate: units(fundingRate), sizes, cap, blockNumber: block.number };
}

function ofVenue(
  { chain, symbol }: SynthetixPerpsMarket,
  id: string,
  { isPriceInvalid }: SynthetixPerpsAccount,
  { cap, sizes }: Omit<MarketState, 'blockNumber'>,
  { nearCap = 0.98 }: SynthetixPerpsWatchOptions,
): readonly VenueCondition[] {
  const name = `${symbol} of Synthetix PerpsV2 on ${chain.name}`;
  const conditions: VenueCondition[] = [];
  if (isPriceInvalid) {
    const sentence = `The price feed of ${name} gives no price to go by: nothing can be traded on it, not even to close.`;
    conditions.push({ id, code: 'FEED_HALTED', sentence, answer: 'hedge-elsewhere' });
  }
  for (const side of ['long', 'short'] as const) {
    if (cap === undefined || sizes[side] < nearCap * cap) continue;
    const sentence = `${name} is full: ${sizes[side]} of at most ${cap} are ${side}, and no more can be opened.`;
    conditions.push({ id: `${id}/${side}`, code: 'MARKET_FULL', sentence, answer: 'hedge-elsewhere' });
  }
  return conditions;
}

function ofAccount(
  { chain, symbol }: SynthetixPerpsMarket,
  id: string,
  account: SynthetixPerpsAccount,
  { fundingRate }: Omit<MarketState, 'blockNumber'>,
  { fundingPerDay = 0.0001, marginLimits }: SynthetixPerpsWatchOptions,
): readonly VenueCondition[] {
  const size = Number(account.sizeUnits);
  if (size === 0) return [];
  const name = `${account.sizeUnits} ${symbol} on ${chain.name}`;
  const conditions: VenueCondition[] = [];
  const paid = Math.sign(size) * fundingRate;
  if (paid > fundingPerDay) {
    const sentence = `${name} pay ${(10_000 * paid).toFixed(2)} bp of funding a day.`;
    conditions.push({ id, code: 'FUNDING_AGAINST', sentence, answer: 'compare' });
  }
  if (account.isFlagged) {
    const sentence = `Somebody has announced the liquidation of ${name}: it can be neither changed nor saved.`;
    conditions.push({ id, code: 'LIQUIDATION_ANNOUNCED', sentence, answer: 'hedge-elsewhere' });
  } else if (marginLimits !== undefined && !account.isPriceInvalid) {
    const margin = perpetualMargin(synthetixMargin(account));
    if (marginBreaches(margin, marginLimits).length > 0) {
      const { distance, leverage } = marginState(margin);
      const sentence = `${name} are liquidated if the price moves by ${(100 * distance).toFixed(1)} %; leverage is ${leverage.toFixed(1)}.`;
      conditions.push({ id, code: 'MARGIN_NEAR', sentence, answer: 'add-margin' });
    }
  }
  return conditions;
}

function liquidations(
  { chain, market, symbol }: SynthetixPerpsMarket,
  owner: Address,
  blocks: WatchedBlocks,
  signal: AbortSignal,
): Promise<readonly VenueHappening[]> {
  // None of its fields is indexed: those of others are told as well.
  const told = { abi: liquidationAbi, event: 'PositionLiquidated', address: market, indexed: [] };
  const tell = (args: Result) => {
    const [, account, , size, price, ...fees] = args as unknown as [bigint, Address, Address, bigint, ...bigint[]];
    if (!sameAddress(account, owner)) return undefined;
    const fee = fees.reduce((sum, each) => sum + each, 0n);
    const say = (atoms: bigint): string => Number(fromAtoms(WAD, atoms)).toFixed(2);
    const sentence = `Somebody liquidated ${fromAtoms(WAD, size)} ${symbol} of this account on ${chain.name} at ${say(price ?? 0n)}, for fees of ${say(fee)}.`;
    return { code: 'LIQUIDATED', sentence, answer: 'rehedge' } as const;
  };
  return happeningsOf(chain, told, blocks, tell, signal);
}
