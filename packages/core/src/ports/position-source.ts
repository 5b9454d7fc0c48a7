import type { PositionReading } from '../model/position.js';
import type { Address } from '../model/token.js';

/** Reads positions of one protocol. A position that cannot be read is answered as `unknown`, never left out. */
export interface PositionSource {
  readonly id: string;
  readonly name: string;
  read(owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]>;
}
