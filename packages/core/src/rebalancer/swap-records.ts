import { feePpmOf } from '../model/curves/concentrated.js';
import { midPrice } from '../model/curves/mid-price.js';
import type { Curve } from '../model/curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { sameAddress, sameToken, type Token } from '../model/token.js';
import type { Flow } from '../ports/journal.js';
import type { SwapRecord } from '../report/cost-attribution.js';
import type { HedgeRoute, HedgeSwap } from '../route/hedge.js';

/** What a swap was accepted on. */
export interface QuotedSwap {
  /** Of its programme. */
  readonly step: string;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly quotedOutputAtoms: bigint;
  readonly feePpm: number;
  /** Units of output for one of input at the margin, before the fee. */
  readonly midPrice: DecimalString;
}

/** The swaps of a route, under the names of their steps. */
export function quotedSwaps({ hops }: HedgeRoute): readonly QuotedSwap[] {
  return hops.flatMap((hop, index): QuotedSwap[] => {
    if (hop.kind !== 'swap') return [];
    const { amountOut, pool, tokenIn, tokenOut } = hop;
    const tokenInIndex = sameToken(pool.tokens[0], tokenIn) ? 0 : 1;
    const quote = { feePpm: feeOf(pool.curve, tokenInIndex), midPrice: directedMid(hop, tokenInIndex) };
    return [{ step: `hop-${index}-swap`, tokenIn, tokenOut, quotedOutputAtoms: amountOut, ...quote }];
  });
}

/** What a swap took and gave, from the flows of its slice, beside what it was quoted on; undefined when it never was. */
export function swapRecord(quoted: QuotedSwap, flows: readonly Flow[]): SwapRecord | undefined {
  const { feePpm, quotedOutputAtoms, step, tokenIn, tokenOut } = quoted;
  const moved = ({ address, chainId }: Token): bigint =>
    flows
      .filter((flow) => flow.step === step && flow.kind === 'swap')
      .filter((flow) => flow.chainId === chainId && sameAddress(flow.token, address))
      .reduce((sum, { atoms }) => sum + atoms, 0n);
  const taken = -moved(tokenIn);
  if (taken <= 0n) return undefined;
  return Object.freeze({
    input: { token: tokenIn, atoms: taken },
    output: { token: tokenOut, atoms: moved(tokenOut) },
    quotedOutputAtoms,
    feeAtoms: (taken * BigInt(feePpm)) / 1_000_000n,
    midPrice: quoted.midPrice,
    roundingAtoms: '0',
  });
}

function feeOf(curve: Curve, tokenInIndex: 0 | 1): number {
  switch (curve.kind) {
    case 'constant-product':
    case 'stable-swap':
      return curve.feePpm;
    case 'concentrated':
      return feePpmOf(curve, tokenInIndex);
    case 'levels':
    case 'ladder':
      // Whatever the maker takes is in the price.
      return 0;
  }
}

function directedMid({ pool }: HedgeSwap, tokenInIndex: 0 | 1): DecimalString {
  const mid = midPrice(pool.curve, [pool.tokens[0].decimals, pool.tokens[1].decimals]);
  return tokenInIndex === 0 ? mid : new Decimal(1).div(mid).toFixed();
}
