import { Interface } from 'ethers';
import { MAX_UINT256 } from '../build/protocols.js';
import { sqrtRatioAt } from '../build/price-math.js';
import type { PerpV2Contracts } from '../parts.js';
import type { Hex, TestAccount, WorldChain } from '../world.js';
import type { ActorEvent } from './actors.js';
import { idleBand } from './arbitrage-math.js';
import { findEvent, read, submit } from './contract.js';

const POOL = new Interface(['function slot0() view returns (uint160, int24, uint16, uint16, uint16, uint8, bool)']);
const REGISTRY = new Interface(['function getFeeRatio(address) view returns (uint24)']);
const CLEARING_HOUSE = new Interface([
  'function openPosition((address,bool,bool,uint256,uint256,uint256,uint160,bytes32)) returns (uint256,uint256)',
  'event PositionChanged(address indexed trader, address indexed baseToken, int256 size, int256 notional, uint256 fee, int256 openNotional, int256 realizedPnl, uint256 sqrtPriceAfterX96)',
]);

const E18 = 10n ** 18n;
/** Virtual dollars have 18 decimals, USDC has 6. */
const VIRTUAL_SCALE = 10n ** 12n;
/** More than any pool holds: the price limit ends the trade. */
const PLENTY = 10n ** 30n;
/** Below the 1,000 ticks that Perp lets a block move its pool. */
const TICKS_AT_ONCE = 900;
const NO_REFERRAL = `0x${'00'.repeat(32)}`;

/** A trade that brings the perpetual's pool towards the outside price. */
export interface PerpOrder {
  readonly perp: PerpV2Contracts;
  /** Sells the perpetual. */
  readonly isBaseToQuote: boolean;
  /** Root price at which it stops, Q64.96. */
  readonly limitX96: bigint;
  /** Whether the pool is where it should be afterwards, or further passes are needed. */
  readonly isWhole: boolean;
}

/** What pays at the outside price, or nothing while Perp's fee eats the difference. */
export async function perpOrder(
  chain: WorldChain,
  perp: PerpV2Contracts,
  usdcAtomsPerEth: bigint,
): Promise<PerpOrder | undefined> {
  const [rootPrice, tick] = await read(chain, perp.pool, POOL, 'slot0');
  const [feePpm] = await read(chain, perp.marketRegistry, REGISTRY, 'getFeeRatio', [perp.baseToken]);
  const parity = { atoms0: E18, atoms1: usdcAtomsPerEth * VIRTUAL_SCALE };
  const { highX96, lowX96 } = idleBand(parity, Number(feePpm));
  const root = rootPrice as bigint;
  if (root <= highX96 && root >= lowX96) return undefined;
  const isBaseToQuote = root > highX96;
  const target = isBaseToQuote ? highX96 : lowX96;
  const reach = rootAtTick(Number(tick) + (isBaseToQuote ? -TICKS_AT_ONCE : TICKS_AT_ONCE));
  const isWhole = isBaseToQuote ? target >= reach : target <= reach;
  return { perp, isBaseToQuote, limitX96: isWhole ? target : reach, isWhole };
}

/** Trades on the margin that the account has in Perp's vault. Throws when it would revert. */
export async function tradePerp(chain: WorldChain, order: PerpOrder, account: TestAccount): Promise<ActorEvent> {
  const { isBaseToQuote, limitX96, perp } = order;
  const { baseToken, clearingHouse, pool, quoteToken } = perp;
  const terms = [baseToken, isBaseToQuote, true, PLENTY, 0n, MAX_UINT256, limitX96, NO_REFERRAL];
  const data = CLEARING_HOUSE.encodeFunctionData('openPosition', [terms]);
  const { hash, logs } = await submit(chain, account, clearingHouse, data);
  const changed = findEvent(logs, clearingHouse, CLEARING_HOUSE, 'PositionChanged') ?? [];
  const [size, notional] = [abs(changed[2] as bigint), abs(changed[3] as bigint)];
  return {
    kind: 'arbitraged',
    chainId: chain.id,
    venue: 'perp-v2',
    pool,
    tokenIn: isBaseToQuote ? baseToken : quoteToken,
    tokenOut: isBaseToQuote ? quoteToken : baseToken,
    amountIn: isBaseToQuote ? size : notional,
    amountOut: isBaseToQuote ? notional : size,
    txHash: hash as Hex,
  };
}

const rootAtTick = (tick: number): bigint => BigInt(Math.floor(sqrtRatioAt(tick) * 2 ** 96));
const abs = (value: bigint): bigint => (value < 0n ? -value : value);
