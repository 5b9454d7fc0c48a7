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

/**
 * Three chains of twenty pools each by default, stable coins on all of them and a second one on the first, and lanes
 * between all chains: for the stable coins by one or two bridges, and for what is bought by one.
 *
 * @param options.lanes 6, 12 or 18
 * @param options.exactOut whether `amountUnits` is what must arrive, worth so many USD, instead of what is given
 */
export function acrossChains({
  chains = 3,
  pools: count = 60,
  lanes = 18,
  seed,
  gasPriceWei = 0n,
  amountUnits,
  exactOut = false,
  heldUnits = amountUnits,
}) {
  const next = random(seed);
  const price = 2000;
  const perChain = 5;
  const value = Array.from({ length: perChain }, (_, i) => [1, price, 1][i] ?? 10 ** (next() * 3 - 1));
  const chainIds = Array.from({ length: chains }, (_, i) => i + 1);
  const tokens = chainIds.flatMap((chainId) =>
    value.map((_, i) => ({ chainId, address: address(i + 1), symbol: `T${i}`, decimals: i === 0 ? 6 : 18 })),
  );
  const scale = (i) => 10n ** BigInt(i === 0 ? 6 : 18);
  const atoms = (units, i) => (BigInt(Math.round(units * 1e6)) * scale(i)) / 1_000_000n;
  const pools = Array.from({ length: count }, (_, k) => {
    const chainId = chainIds[k % chains];
    const a = k < chains ? 0 : Math.floor(next() * 3);
    let b = k < chains ? 1 : Math.floor(next() * perChain);
    if (b === a) b = (a + 1) % perChain;
    const depth = 10 ** (4.5 + next() * 2.5);
    const feePpm = [100, 500, 3000][Math.floor(next() * 3)];
    const off = 1 + ((next() - 0.5) * feePpm) / 1e6;
    return {
      id: `pool-${k}`,
      chainId,
      kind: 'constant-product',
      tokens: [address(a + 1), address(b + 1)],
      feePpm,
      reserves: [atoms(depth / value[a], a), atoms((depth / value[b]) * off, b)].map(String),
      gas: 100_000,
    };
  });
  const pairs = chainIds.flatMap((from) => chainIds.filter((to) => to !== from).map((to) => [from, to]));
  const kinds = [
    { name: 'fast', token: 0, feePpm: 400, fixedCost: '0.2', timeSeconds: 30 },
    { name: 'cheap', token: 0, feePpm: 60, fixedCost: '1.5', timeSeconds: 900 },
    { name: 'base', token: 1, feePpm: 500, fixedCost: '0.5', timeSeconds: 60 },
  ].slice(0, Math.round(lanes / pairs.length));
  const numeraire = exactOut ? 0 : 1;
  const inNumeraire = (usd) => (Number(usd) / value[numeraire]).toFixed(12);
  const bridges = kinds.flatMap((kind) =>
    pairs.map(([from, to]) => ({
      id: `${kind.name}-${from}-${to}`,
      from: { chainId: from, address: address(kind.token + 1) },
      to: { chainId: to, address: address(kind.token + 1) },
      feePpm: kind.feePpm,
      fixedCost: inNumeraire(kind.fixedCost),
      gas: 90_000,
      maxAmount: atoms(2_000_000 / value[kind.token], kind.token).toString(),
      timeSeconds: kind.timeSeconds,
    })),
  );
  const at = (i) => (chainId) => ({ chainId, address: address(i + 1) });
  const stable = [...chainIds.map(at(0)), at(2)(1)];
  const held = [0.8, 0.3, 0.1, 0.2];
  const amount = exactOut ? { amountOut: atoms(amountUnits / price, 1) } : { amountIn: atoms(amountUnits, 2) };
  return {
    tokens,
    pools,
    bridges,
    inventories: stable.map((token, i) => ({
      ...token,
      amount: atoms(heldUnits * (held[i] ?? 0.1), i === chains ? 2 : 0).toString(),
    })),
    demand: {
      tokensIn: stable,
      tokensOut: chainIds.map(at(1)),
      ...Object.fromEntries(Object.entries(amount).map(([key, n]) => [key, n.toString()])),
    },
    gasPrices: Object.fromEntries(chainIds.map((id) => [id, (gasPriceWei / BigInt(id * id)).toString()])),
    [exactOut ? 'nativePriceInTokenIn' : 'nativePriceInTokenOut']: Object.fromEntries(
      chainIds.map((id) => [id, (price / value[numeraire]).toFixed(12)]),
    ),
    timeCostBpsPerHour: '2',
  };
}
