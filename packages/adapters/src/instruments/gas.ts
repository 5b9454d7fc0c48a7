import type { GasUse } from '@evenkeel/core';

/** Simulated gas as a quote says it: what is to be expected, without the margin that a gas limit has. */
export function gasOf(chainId: number, simulated: bigint): readonly GasUse[] {
  return [{ chainId, units: simulated }];
}
