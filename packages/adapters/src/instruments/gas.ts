import type { GasUse } from '@evenkeel/core';

/** What later blocks may need above the simulation: slots that are cold then, ticks that are crossed for the first time. */
const MARGIN_PERCENT = 25n;

/** Simulated gas as a quote says it. */
export function gasOf(chainId: number, simulated: bigint): readonly GasUse[] {
  return [{ chainId, units: (simulated * (100n + MARGIN_PERCENT)) / 100n }];
}
