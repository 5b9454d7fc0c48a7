import { InvalidInputError } from '@evenkeel/intents';
import type { BuyBalance, Gpv2Order, SellBalance } from './order.js';

/**
 * How an order is signed: as EIP-712 typed data by a key, by `eth_sign` over its digest, by a contract (ERC-1271), or by
 * a transaction of its owner beforehand.
 */
export type SigningScheme = 'eip712' | 'ethsign' | 'eip1271' | 'presign';

/** What the flags of a trade say (GPv2Trade.extractFlags). */
export interface TradeFlags extends Pick<
  Gpv2Order,
  'buyTokenBalance' | 'kind' | 'partiallyFillable' | 'sellTokenBalance'
> {
  readonly scheme: SigningScheme;
}

const BUY = 0x01n;
const PARTIALLY_FILLABLE = 0x02n;
const SELL_BALANCE = Object.freeze({ erc20: 0x00n, external: 0x08n, internal: 0x0cn });
const BUY_INTERNAL = 0x10n;
const SCHEME_SHIFT = 5n;
const SCHEMES: readonly SigningScheme[] = ['eip712', 'ethsign', 'eip1271', 'presign'];

/**
 * Packs what is not a number of an order, and its scheme, into a word.
 *
 * Bit 0: buy; 1: partially fillable; 2 and 3: sell balance (00 ERC-20, 10 external, 11 internal); 4: buy balance;
 * 5 and 6: signing scheme.
 */
export function encodeTradeFlags(flags: TradeFlags): bigint {
  return (
    (flags.kind === 'buy' ? BUY : 0n) |
    (flags.partiallyFillable ? PARTIALLY_FILLABLE : 0n) |
    SELL_BALANCE[flags.sellTokenBalance] |
    (flags.buyTokenBalance === 'internal' ? BUY_INTERNAL : 0n) |
    (BigInt(SCHEMES.indexOf(flags.scheme)) << SCHEME_SHIFT)
  );
}

/**
 * Reads the flags of a trade as the contract does.
 *
 * @throws {InvalidInputError} when a reserved bit is set: the contract reverts there.
 */
export function decodeTradeFlags(flags: bigint): TradeFlags {
  const scheme = flags < 0n ? undefined : SCHEMES[Number(flags >> SCHEME_SHIFT)];
  if (scheme === undefined) {
    throw new InvalidInputError('flags', flags, 'has a reserved bit set', 'Use the lowest seven bits only.');
  }
  const buyTokenBalance: BuyBalance = flags & BUY_INTERNAL ? 'internal' : 'erc20';
  return Object.freeze({
    kind: flags & BUY ? 'buy' : 'sell',
    partiallyFillable: (flags & PARTIALLY_FILLABLE) !== 0n,
    sellTokenBalance: sellBalance(flags),
    buyTokenBalance,
    scheme,
  });
}

function sellBalance(flags: bigint): SellBalance {
  if (!(flags & 0x08n)) return 'erc20';
  return flags & 0x04n ? 'internal' : 'external';
}
