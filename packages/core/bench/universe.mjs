/** Deterministic 32-bit generator (mulberry32). */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const address = (n) => `0x${n.toString(16).padStart(40, '0')}`;

/**
 * A hub-and-spoke universe on one chain: a few hub tokens, many spokes, liquidity over two and a half decades, each
 * pool's price off by at most half its fee, so that there is no arbitrage.
 */
export function universe({ pools: count, seed, gasPriceWei = 0n, amountUnits, maxHops }) {
  const next = random(seed);
  const hubs = 4;
  const tokenCount = Math.max(6, Math.round(count / 6));
  const tokens = Array.from({ length: tokenCount }, (_, i) => ({
    chainId: 1,
    address: address(i + 1),
    symbol: `T${i}`,
    decimals: i === 0 ? 6 : 18,
  }));
  const value = tokens.map((_, i) => (i === 0 ? 1 : 10 ** (next() * 4 - 1)));
  const pools = Array.from({ length: count }, (_, k) => {
    const a = Math.floor(next() * hubs);
    let b = k < hubs ? (a + 1) % hubs : next() < 0.25 ? Math.floor(next() * hubs) : Math.floor(next() * tokenCount);
    if (b === a) b = (a + 1) % tokenCount;
    const depth = 10 ** (4.5 + next() * 2.5);
    const feePpm = [100, 500, 3000][Math.floor(next() * 3)];
    const off = 1 + ((next() - 0.5) * feePpm) / 1e6;
    const x = depth / value[a];
    const y = (depth / value[b]) * off;
    const atoms = (units, token) => (BigInt(Math.round(units * 1e6)) * 10n ** BigInt(token.decimals)) / 1_000_000n;
    const reserves = [atoms(x, tokens[a]), atoms(y, tokens[b])];
    return {
      id: `pool-${k}`,
      chainId: 1,
      kind: 'constant-product',
      tokens: [tokens[a].address, tokens[b].address],
      feePpm,
      reserves: reserves.map(String),
      gas: 100_000,
    };
  });
  return {
    tokens,
    pools,
    demand: {
      chainId: 1,
      tokenIn: tokens[0].address,
      tokenOut: tokens[1].address,
      amountIn: (BigInt(amountUnits) * 1_000_000n).toString(),
    },
    gasPrices: { 1: gasPriceWei.toString() },
    nativePriceInTokenOut: { 1: (2000 / value[1]).toFixed(12) },
    ...(maxHops === undefined ? {} : { maxHops }),
  };
}
