import {
  PerpLiquidityShortError,
  PerpMarginTooLowError,
  PerpPriceLimitError,
  PerpTradeRefusedError,
} from './errors.js';

/** Perp's contracts give their reasons as codes, each of which is explained in their sources. */
export function refusal(id: string, atoms: bigint, reason: string): Error {
  if (/CH_NEFCI|CH_NEFCM/.test(reason)) return new PerpMarginTooLowError(id, reason, atoms);
  if (/EX_OPLAS|EX_OPB|EX_OPLBS|CH_OMPS/.test(reason)) return new PerpPriceLimitError(id, reason, atoms);
  if (/CH_F0S/.test(reason)) return new PerpLiquidityShortError(id, atoms, 0n);
  return new PerpTradeRefusedError(id, reason);
}
