import { Interface } from 'ethers/abi';
import { deltaBandModule } from './artifacts/delta-band-module.js';
import type { Hex } from './types.js';

const band = new Interface(deltaBandModule.abi);

/** A check that said no: the name of the contract's error, and what it carries. */
export interface BandRefusal {
  readonly check: string;
  readonly args: readonly unknown[];
}

/** Reads revert data; undefined when it is none of the module's own. */
export function parseRefusal(data: Hex): BandRefusal | undefined {
  try {
    const error = band.parseError(data);
    return error === null ? undefined : Object.freeze({ check: error.name, args: [...error.args] });
  } catch {
    return undefined;
  }
}
