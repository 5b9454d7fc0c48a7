// Batches to clear: three markets on chains of different gas price, a thousand intents, by a stated random distribution.

/** Unix seconds at which they are cleared. */
export const NOW = 1_800_000_000;

/** Spread of 5 bp and a linear impact of 1 bp a unit, gas as on three chains of different price. */
function market(id, midPrice, gas) {
  const mid = Number(midPrice);
  const curve = (side) => ({
    side,
    referencePrice: mid,
    fixedCost: gas,
    points: Array.from({ length: 30 }, (_, i) => 0.02 * 1.6 ** i).map((sizeUnits) => ({
      sizeUnits,
      cost: gas + mid * sizeUnits * (5e-4 + 1e-4 * sizeUnits),
      marginalCost: mid * (5e-4 + 2e-4 * sizeUnits),
    })),
  });
  const token = (symbol, decimals) => ({ chainId: 1, address: `0x${'0a'.repeat(20)}`, symbol, decimals });
  const base = token('WETH', 18);
  const quote = token('USDC', 6);
  return {
    id,
    base,
    quote,
    midPrice,
    buy: curve('buy'),
    sell: curve('sell'),
    gas: { settlement: 1.5 * gas, order: 0.55 * gas, alone: 0 },
  };
}

export const markets = [market('1', '3000', 1.7), market('2', '3000.3', 0.03), market('3', '2999.6', 0.007)];

export function orders(count, { buys, tight, seed }) {
  let state = seed;
  const uniform = () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
  return Array.from({ length: count }, (_, i) => {
    const side = uniform() < buys ? 'buy' : 'sell';
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const units = Math.min(12, Math.max(0.1, 1.5 * Math.exp(0.8 * normal)));
    const bps = tight ? 10 * uniform() : 100;
    const limit = 3_000 * units * (1 + (side === 'buy' ? 1 : -1) * bps * 1e-4);
    const home = Math.floor(3 * uniform());
    return {
      id: `0x${Math.floor(uniform() * 2 ** 40).toString(16)}${i}`,
      owner: `0x${'0b'.repeat(20)}`,
      side,
      markets: uniform() < 0.3 ? ['1', '2', '3'] : [String(home + 1)],
      baseAtoms: BigInt(Math.round(units * 1e9)) * 10n ** 9n,
      limitQuoteAtoms: BigInt(Math.round(limit * 1e6)),
      shortfallAtoms: BigInt(Math.round(units * 5e7)) * 10n ** 9n,
      validUntil: NOW + 60,
    };
  });
}

export const cases = [
  { name: 'half buy, all trade now', buys: 0.5, tight: false, alone: 'in-turn' },
  { name: 'half buy, who likes may wait', buys: 0.5, tight: false, alone: 'untouched' },
  { name: 'half buy, tight limits', buys: 0.5, tight: true, alone: 'in-turn' },
  { name: 'three of four buy, tight limits', buys: 0.75, tight: true, alone: 'in-turn' },
  { name: 'all buy, all trade now', buys: 1, tight: false, alone: 'in-turn' },
  { name: 'all buy, who likes may wait', buys: 1, tight: false, alone: 'untouched' },
];
