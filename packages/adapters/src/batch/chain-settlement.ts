import type { Address, Call, Hex, Token } from '@evenkeel/core';
import type { BatchFill, BatchMarket, ClearedMarket } from '@evenkeel/core/batch';
import { EvenkeelError } from '@evenkeel/intents';
import { Interface } from 'ethers';
import type { Gpv2Domain, Gpv2Order } from '../gpv2/order.js';
import type { Gpv2Interaction, Gpv2Settlement, Gpv2Trade } from '../gpv2/settle.js';
import type { OrderSignature } from '../gpv2/signature.js';

/** One participant's part of a settlement, signed. */
export interface SignedFill {
  readonly fill: BatchFill;
  readonly order: Gpv2Order;
  readonly signature: OrderSignature;
}

/** A cleared market with what becomes of its remainder. */
export interface RoutedMarket {
  readonly market: BatchMarket;
  readonly cleared: ClearedMarket;
  /** What whoever settles does with the remainder: approvals and swaps, in its own name. */
  readonly route: readonly Call[];
}

/** A cleared market with what it takes to settle it on the settlement contract. */
export interface SettledMarket extends RoutedMarket {
  readonly fills: readonly SignedFill[];
}

/** Two markets of one chain price one token differently, or their prices do not fit together. Code `BATCH_PRICES_CLASH`. */
export class BatchPricesClashError extends EvenkeelError {
  constructor(token: Address, problem: string) {
    super('BATCH_PRICES_CLASH', `The markets of one settlement cannot share ${token}: ${problem}.`, {
      field: 'markets',
      value: token,
      hint: 'Settle them one after another.',
    });
  }
}

const erc20 = new Interface(['function transfer(address to, uint256 atoms)']);
/** Beyond it the contract's products of an amount and a price may not fit 256 bits. */
const MOST_PRICE = 1n << 150n;

/**
 * All markets of one chain in one settlement, which holds as a whole or not at all: orders come in, the remainder is
 * routed, orders are paid, and the fees go to whoever pays for the gas.
 *
 * @param feeReceiver gets the fees and what rounding leaves
 * @throws {BatchPricesClashError} when the markets cannot be priced together
 */
export function chainSettlement(markets: readonly SettledMarket[], feeReceiver: Address): Gpv2Settlement {
  return Object.freeze({
    prices: pricesOf(markets),
    trades: Object.freeze(markets.flatMap(({ fills }) => fills.map(tradeOf))),
    during: Object.freeze(markets.flatMap(({ route }) => route.map(interactionOf))),
    after: Object.freeze(feesOf(markets).map(({ atoms, token }) => payment(token, feeReceiver, atoms))),
  });
}

export function tradeOf({ order, signature }: SignedFill): Gpv2Trade {
  return Object.freeze({ order, signature });
}

/** One price a token: that of the numeraire is what makes every other a whole number. */
export function pricesOf(markets: readonly Pick<SettledMarket, 'cleared' | 'market'>[]): Gpv2Settlement['prices'] {
  const common = markets.reduce((product, { cleared }) => lcm(product, reduced(cleared).baseAtoms), 1n);
  const prices = new Map<string, { token: Address; price: bigint }>();
  const put = ({ address }: Token, price: bigint): void => {
    const key = address.toLowerCase();
    const known = prices.get(key);
    if (known !== undefined && known.price !== price) throw new BatchPricesClashError(address, 'it has two prices');
    if (price >= MOST_PRICE) throw new BatchPricesClashError(address, 'the common scale of their prices is too large');
    prices.set(key, { token: address, price });
  };
  for (const { cleared, market } of markets) {
    const { baseAtoms, quoteAtoms } = reduced(cleared);
    put(market.quote, common);
    put(market.base, (common / baseAtoms) * quoteAtoms);
  }
  return Object.freeze([...prices.values()].map((each) => Object.freeze(each)));
}

function reduced({ price }: ClearedMarket): ClearedMarket['price'] {
  const divisor = gcd(price.quoteAtoms, price.baseAtoms);
  return { quoteAtoms: price.quoteAtoms / divisor, baseAtoms: price.baseAtoms / divisor };
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function lcm(a: bigint, b: bigint): bigint {
  return (a / gcd(a, b)) * b;
}

function interactionOf({ data, to, valueWei }: Call): Gpv2Interaction {
  return Object.freeze({ target: to, valueWei, callData: data });
}

function feesOf(markets: readonly SettledMarket[]): readonly { readonly token: Token; readonly atoms: bigint }[] {
  const fees = new Map<string, { token: Token; atoms: bigint }>();
  const add = (token: Token, atoms: bigint): void => {
    const key = token.address.toLowerCase();
    fees.set(key, { token, atoms: (fees.get(key)?.atoms ?? 0n) + atoms });
  };
  for (const { cleared, market } of markets) {
    add(market.quote, cleared.fees.quoteAtoms + cleared.dustQuoteAtoms);
    add(market.base, cleared.fees.baseAtoms);
  }
  return [...fees.values()].filter(({ atoms }) => atoms > 0n);
}

function payment({ address }: Token, to: Address, atoms: bigint): Gpv2Interaction {
  const callData = erc20.encodeFunctionData('transfer', [to, atoms]) as Hex;
  return Object.freeze({ target: address, valueWei: 0n, callData });
}

/** The deployment that a settlement goes to, and who may send it. */
export interface SettlementPlace extends Gpv2Domain {
  readonly solver: Address;
}
