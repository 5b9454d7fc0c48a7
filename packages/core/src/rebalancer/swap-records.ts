import { feePpmOf } from '../model/curves/concentrated.js';
import { midPrice } from '../model/curves/mid-price.js';
import type { Curve } from '../model/curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { sameAddress, sameToken, type TokenAmount } from '../model/token.js';
import type { Flow } from '../ports/journal.js';
import type { SwapRecord } from '../report/cost-attribution.js';
import type { HedgeSwap } from '../route/hedge.js';

/** What each swap of a slice took and gave, from its receipt, beside what it was quoted on. */
export function swapRecord(hop: HedgeSwap, stepFlows: readonly Flow[]): SwapRecord | undefined {
  const moved = (token: HedgeSwap['tokenIn']): bigint =>
    stepFlows
      .filter((flow) => flow.chainId === token.chainId && sameAddress(flow.token, token.address))
      .filter((flow) => flow.kind === 'swap')
      .reduce((sum, { atoms }) => sum + atoms, 0n);
  const input: TokenAmount = { token: hop.tokenIn, atoms: -moved(hop.tokenIn) };
  const output: TokenAmount = { token: hop.tokenOut, atoms: moved(hop.tokenOut) };
  if (input.atoms <= 0n) return undefined;
  const tokenInIndex = sameToken(hop.pool.tokens[0], hop.tokenIn) ? 0 : 1;
  const feePpm = BigInt(feeOf(hop.pool.curve, tokenInIndex));
  return Object.freeze({
    input,
    output,
    quotedOutputAtoms: hop.amountOut,
    feeAtoms: (input.atoms * feePpm) / 1_000_000n,
    midPrice: directedMid(hop, tokenInIndex),
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
