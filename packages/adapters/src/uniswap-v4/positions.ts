import {
  type Address,
  type AsOf,
  type Chain,
  type Hex,
  NATIVE_ADDRESS,
  type PositionReading,
  type PositionSource,
  sameAddress,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { zeroPadValue } from 'ethers';
import { deepFreeze } from '../common/freeze.js';
import { foreignReading, marketOf, type PositionMarket, roleOf } from '../positions/market.js';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { asOfBlock } from '../uniswap/pool.js';
import { readStaged, type StagedValue } from '../uniswap/staged-read.js';
import { positionManagerAbi } from './abi.js';
import {
  type FoundPosition,
  hookChangesAmounts,
  type OwnerPositions,
  type Places,
  stagedPositions,
  type V4Contracts,
} from './positions-read.js';

export interface UniswapV4PositionsOptions extends PositionMarket, V4Contracts {
  readonly chain: Chain;
  /** The native coin is the underlying: its positions count as such. Default: false, and then they are unknown. */
  readonly nativeIsUnderlying?: boolean;
  /**
   * First block in which a position may have been received: the manager's own. What an owner has is found by the
   * manager's transfer events from there on. Default: 0.
   */
  readonly fromBlock?: number;
  /** Anybody can send an owner positions; with more than this they are all unknown. Default: 200. */
  readonly maxPositions?: number;
  /** Default: `uniswap-v4-lp-` and the chain's id. */
  readonly id?: string;
}

const MAX_POSITIONS = 200;
const TRANSFER = positionManagerAbi.getEvent('Transfer')!.topicHash as Hex;

/** What is remembered of an owner: every id that it ever received, up to a block. */
interface Received {
  readonly ids: readonly bigint[];
  readonly nextBlock: number;
}

/**
 * Positions of Uniswap V4's position manager, with the fees that they have earned up to the block that was read. The
 * manager keeps no list of an owner's positions: they are found by its transfer events, and held against the number that
 * it says the owner has. Where that does not fit, all are *unknown*, so that none is ever left out.
 *
 * A position without the underlying or another factor has no delta and is left out, as is one that is empty. One of two
 * tokens that move follows both; one against a token that nobody has named, or in a pool whose hook may change what it pays, is *unknown*. One request as long as the owner has the
 * same number of positions; when the chain cannot be read they are unknown, and `read` throws only when it is aborted.
 *
 * @throws {InvalidInputError} for a `maxPositions` that is no whole number above zero.
 * @example
 * ```ts
 * const source = uniswapV4Positions({
 *   chain, positionManager, stateView, underlying: weth, numeraires: [usdc], nativeIsUnderlying: true,
 * })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function uniswapV4Positions(options: UniswapV4PositionsOptions): PositionSource {
  const { chain, fromBlock = 0, maxPositions = MAX_POSITIONS } = options;
  if (!Number.isInteger(maxPositions) || maxPositions < 1 || maxPositions > 2000) {
    throw new InvalidInputError('maxPositions', maxPositions, 'is not a number of positions', 'Give 1 to 2000.');
  }
  const source = {
    id: options.id ?? `uniswap-v4-lp-${chain.id}`,
    name: `Uniswap V4 positions on ${chain.name}`,
    chain,
  };
  const received = new Map<Address, Received>();
  const memory = new Map<string, Places>();
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const readKnown = async (owner: Address, signal: AbortSignal): Promise<StagedValue<OwnerPositions>> => {
    const ids = received.get(owner)?.ids ?? [];
    const [answer] = await readStaged(chain, [stagedPositions(options, owner, ids)], memory, signal);
    return answer!;
  };

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      let { block, value } = await readKnown(owner, signal);
      const isTooMany = (): boolean => value.balance > BigInt(maxPositions);
      if (value.balance !== BigInt(value.found.length) && !isTooMany()) {
        received.set(
          owner,
          await scan(options, owner, received.get(owner) ?? { ids: [], nextBlock: fromBlock }, signal),
        );
        ({ block, value } = await readKnown(owner, signal));
      }
      const asOf = asOfBlock(source.id, chain.id, block);
      const { balance, found } = value;
      if (balance !== BigInt(found.length)) {
        const reason = isTooMany()
          ? `${balance} positions are more than the ${maxPositions} that are read`
          : `the manager counts ${balance} positions, and its events from block ${fromBlock} on show ${found.length}`;
        return deepFreeze([unknownReading(positionId(source.id, owner, 'all'), source.name, reason, asOf)]);
      }
      const readings = deepFreeze(found.flatMap((each) => readingOf(source, owner, options, each, asOf)));
      lastSeen.set(owner, readings);
      return readings;
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

/** Ids that came to the owner since the last scan; some may have gone again. */
async function scan(
  { chain, positionManager }: UniswapV4PositionsOptions,
  owner: Address,
  before: Received,
  signal: AbortSignal,
): Promise<Received> {
  const { number } = await chain.block('latest', signal);
  const topics = [TRANSFER, null, zeroPadValue(owner, 32) as Hex];
  const filter = { address: positionManager, topics, fromBlock: Math.min(before.nextBlock, number), toBlock: number };
  const logs = await chain.logs(filter, signal);
  const ids = logs.map((log) => BigInt(log.topics[3] ?? '0x0'));
  // A few blocks are looked at again the next time: they may have been reorganised.
  return { ids: [...new Set([...before.ids, ...ids])], nextBlock: Math.max(0, number - REORGANISED_BLOCKS) };
}

const REORGANISED_BLOCKS = 64;

function readingOf(
  source: { readonly id: string; readonly chain: Chain },
  owner: Address,
  { nativeIsUnderlying = false, ...rest }: UniswapV4PositionsOptions,
  { key, liquidity, owed, price, tickLower, tickUpper, tokenId }: FoundPosition,
  asOf: AsOf,
): readonly PositionReading[] {
  const market = marketOf(rest);
  if (liquidity === 0n && owed[0] === 0n && owed[1] === 0n) return [];
  const id = positionId(source.id, owner, tokenId.toString());
  const label = `Uniswap V4 position ${tokenId} on ${source.chain.name}`;
  const asToken = (currency: Address): Address =>
    nativeIsUnderlying && sameAddress(currency, NATIVE_ADDRESS) ? market.underlying.address : currency;
  const hasNative = sameAddress(key.currency0, NATIVE_ADDRESS);
  if (hasNative && !nativeIsUnderlying) {
    return [unknownReading(id, label, 'it holds the native coin, which nobody has said the value of', asOf)];
  }
  const role = roleOf(asToken(key.currency0), asToken(key.currency1), market);
  if (role.kind === 'irrelevant') return [];
  if (role.kind === 'foreign') {
    return [foreignReading(role, { id, label, asOf })];
  }
  if (hookChangesAmounts(key)) {
    return [unknownReading(id, label, `the hook ${key.hooks} of its pool may change what it pays`, asOf)];
  }
  return [
    {
      status: 'known',
      id,
      label,
      position: {
        kind: 'concentrated-liquidity',
        liquidity,
        tickLower,
        tickUpper,
        sqrtPriceX96: price.sqrtPriceX96,
        decimals: [role.tokens[0].decimals, role.tokens[1].decimals],
        underlyingIndex: role.underlyingIndex,
        owed,
        ...role.follows,
      },
      asOf,
    },
  ];
}
