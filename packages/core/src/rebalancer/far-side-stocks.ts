import { tokenKey } from '../model/token.js';
import type { BridgeStock, HedgeBridge, HedgeRequest } from '../route/hedge.js';

/**
 * What lanes of one bridge into the same token can pay out together. Each states its own limit, and they pay from the same
 * funds at the far side (a collateral contract, a relayer's balance): together no more than the largest of these limits.
 * That is what is known for certain; where the funds are not shared, it is too little.
 */
export function farSideStocks(bridges: readonly HedgeBridge[]): Pick<HedgeRequest, 'bridges' | 'bridgeStocks'> {
  const groups = new Map<string, HedgeBridge[]>();
  for (const bridge of bridges) {
    const id = stockOf(bridge);
    groups.set(id, [...(groups.get(id) ?? []), bridge]);
  }
  const stocks: BridgeStock[] = [];
  for (const [id, lanes] of groups) {
    if (lanes.length < 2) continue;
    const atoms = lanes.map(({ from, maxAtoms, to }) => rescaled(maxAtoms, from.decimals, to.decimals));
    stocks.push({ id, token: lanes[0]!.to, atoms: atoms.reduce((most, each) => (each > most ? each : most)) });
  }
  if (stocks.length === 0) return { bridges };
  const shared = new Set(stocks.map(({ id }) => id));
  return {
    bridges: bridges.map((bridge) => (shared.has(stockOf(bridge)) ? { ...bridge, stock: stockOf(bridge) } : bridge)),
    bridgeStocks: stocks,
  };
}

function stockOf({ adapter, to }: HedgeBridge): string {
  return `${adapter}>${tokenKey(to)}`;
}

function rescaled(atoms: bigint, from: number, to: number): bigint {
  return to >= from ? atoms * 10n ** BigInt(to - from) : atoms / 10n ** BigInt(from - to);
}
