import { ETH_PRICE_USDC } from '../build/seed.js';
import { DevnetError } from '../errors.js';

const USDC_ATOMS = 1_000_000;

/** What ETH is worth outside the world: pools are arbitraged to it, feeds repeat it. */
export interface OutsidePrice {
  usdcAtomsPerEth(): bigint;
  /** @throws {DevnetError} `INVALID_INPUT` */
  readonly set: (usdcPerEth: number) => void;
}

export function createOutsidePrice(): OutsidePrice {
  let current = toUsdcAtoms(ETH_PRICE_USDC);
  return {
    usdcAtomsPerEth: () => current,
    set: (usdcPerEth) => void (current = toUsdcAtoms(usdcPerEth)),
  };
}

function toUsdcAtoms(usdcPerEth: number): bigint {
  const atoms = Math.round(usdcPerEth * USDC_ATOMS);
  if (Number.isSafeInteger(atoms) && atoms > 0) return BigInt(atoms);
  throw new DevnetError(
    'INVALID_INPUT',
    `The outside price cannot be ${usdcPerEth} USDC for one ETH. Use a number from 0.000001 to 9,000,000,000.`,
    { details: { field: 'usdcPerEth', value: usdcPerEth } },
  );
}
