import { Interface } from 'ethers/abi';
import { deltaBandEnforcer } from './artifacts/delta-band-enforcer.js';
import { deltaBandModule } from './artifacts/delta-band-module.js';
import type { Hex } from './types.js';

/** What only one of the two refuses stands in its own ABI. */
const bands = [new Interface(deltaBandModule.abi), new Interface(deltaBandEnforcer.abi)];

/** A check that said no: the name of the contract's error, and what it carries. */
export interface BandRefusal {
  readonly check: string;
  readonly args: readonly unknown[];
}

/** Reads revert data; undefined when it is none of the permission's own. */
export function parseRefusal(data: Hex): BandRefusal | undefined {
  for (const band of bands) {
    try {
      const error = band.parseError(data);
      if (error !== null) return Object.freeze({ check: error.name, args: [...error.args] });
    } catch {
      continue;
    }
  }
  return undefined;
}
