// Random routes over several venues and chains, executed on the real contracts and compared with what was quoted.
import { solveRoute } from '@evenkeel/core/route';
import { random } from './random.mjs';
import { firmQuote, laneJson, openMarket, poolJson, readLanes, readPools, reference } from './world-market.mjs';

/** keccak256 of Transfer(address,address,uint256). */
const TRANSFER_TOPIC = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const FAR_DEADLINE = 4_000_000_000;
const ETH_USDC = 3000;
/** So many routes on one history, then everything starts anew from other random swaps. */
const ROUTES_PER_HISTORY = 40;
/** Not always all, so that the dearer one has its turn. */
const BRIDGES_OFFERED = [['across'], ['hyperlane'], ['across', 'hyperlane']];
const GAS_LIMIT = '0x4c4b40';

/**
 * Solves and executes `count` random routes.
 *
 * @param onRoute hears of each one
 * @returns counts, and every hop that paid something else than was quoted
 */
export async function runWorldRoutes(world, { count, seed, onRoute = () => undefined }) {
  const next = random(seed);
  const market = openMarket(world);
  const actors = await world.startActors({ only: [] });
  const account = world.accounts.trader.address;
  for (const chain of world.chains) {
    await chain.rpc('anvil_impersonateAccount', [account]);
    await world.fundNative(chain.id, account, 10n ** 22n);
    for (const token of Object.values(chain.tokens))
      await world.fund(token, account, 10n ** BigInt(token.decimals + 8));
  }
  const start = await world.snapshot();
  const stage = { world, market, actors, account, next, pools: new Map() };
  const totals = {
    routes: 0,
    hops: 0,
    swaps: 0,
    transfers: 0,
    venues: new Set(),
    crossChain: 0,
    split: 0,
    exactOut: 0,
    mismatches: [],
  };
  while (totals.routes < count) {
    if (totals.routes % ROUTES_PER_HISTORY === 0 && totals.routes > 0) {
      await world.revert(start);
      stage.pools.clear();
    }
    await disturb(stage);
    const route = await oneRoute(stage);
    if (route === undefined) continue;
    totals.routes += 1;
    totals.hops += route.hops.length;
    totals.swaps += route.hops.filter(({ kind }) => kind === 'swap').length;
    totals.transfers += route.hops.filter(({ kind }) => kind === 'bridge').length;
    totals.crossChain += route.crossChain ? 1 : 0;
    totals.exactOut += route.exactOut ? 1 : 0;
    totals.split += route.hops.length > 1 ? 1 : 0;
    for (const { adapter } of route.hops) totals.venues.add(adapter);
    totals.mismatches.push(...route.mismatches);
    onRoute(totals);
  }
  return { ...totals, venues: [...totals.venues].sort() };
}

async function poolsOf(stage, chain) {
  if (!stage.pools.has(chain.id)) stage.pools.set(chain.id, await readPools(stage.market, chain));
  return stage.pools.get(chain.id);
}

const pick = ({ next }, list) => list[Math.floor(next() * list.length)];
const unitsOf = (token, usd) => (token.symbol === 'WETH' ? usd / ETH_USDC : usd);
const atomsOf = (token, usd) =>
  (BigInt(Math.max(1, Math.round(unitsOf(token, usd) * 1e6))) * 10n ** BigInt(token.decimals)) / 1_000_000n;
/** Every order of magnitude alike. */
const randomUsd = ({ next }) => 10 ** (1 + next() * 4.3);

/** Somebody else trades: up to two swaps in pools that nobody has asked about. */
async function disturb(stage) {
  for (let i = Math.floor(stage.next() * 3); i > 0; i--) {
    const chain = pick(stage, stage.world.chains);
    const pool = pick(stage, await poolsOf(stage, chain));
    const side = stage.next() < 0.5 ? 0 : 1;
    const amountIn = atomsOf(pool.tokens[side], randomUsd(stage) / 3);
    await sendSwap(stage, pool, side, amountIn, 1n);
  }
}

async function oneRoute(stage) {
  const { world } = stage;
  const crossChain = stage.next() < 0.4;
  const from = pick(stage, world.chains);
  const involved = crossChain ? world.chains : [from];
  const pools = new Map();
  for (const chain of involved)
    for (const pool of await poolsOf(stage, chain)) pools.set(`${pool.adapter}/${chain.id}/${pool.id}`, pool);
  const lanes = crossChain ? await readLanes(stage.market, pick(stage, BRIDGES_OFFERED)) : [];
  const problem = {
    tokens: involved.flatMap(({ tokens }) => Object.values(tokens)),
    pools: [...pools.entries()].map(([id, pool]) => poolJson(pool, id)),
    bridges: lanes.map(laneJson),
    ...(crossChain ? demandAcross(stage, from) : demandWithin(stage, from)),
    ...(stage.next() < 0.3 ? { maxHops: 1 + Math.floor(stage.next() * 5) } : {}),
  };
  const solution = solveOrNothing(problem);
  if (solution === undefined || solution.hops.length === 0) return undefined;
  const mismatches = await execute(stage, solution, pools, new Map(lanes.map((lane) => [lane.id, lane])));
  const hops = solution.hops.map((hop) => ({
    kind: hop.kind,
    adapter:
      hop.kind === 'bridge' ? lanes.find(({ id }) => id === hop.bridgeId).bridge.id : pools.get(hop.poolId).adapter,
  }));
  return {
    hops,
    crossChain: hops.some(({ kind }) => kind === 'bridge'),
    exactOut: 'amountOut' in problem.demand,
    mismatches,
  };
}

/** The demand may be out of reach with few hops: that is an answer as well. */
function solveOrNothing(problem) {
  try {
    return solveRoute(problem, { nodeBudget: 200, certify: false });
  } catch (error) {
    if (error.code === 'ROUTE_DISCONNECTED' || error.code === 'ROUTE_INFEASIBLE') return undefined;
    throw error;
  }
}

function gasOf(stage, chains, tokenOut) {
  const price = tokenOut.symbol === 'WETH' ? '1' : String(ETH_USDC);
  const gwei = BigInt(pick(stage, [0, 0, 1, 20]));
  return {
    gasPrices: Object.fromEntries(chains.map(({ id }) => [id, (gwei * 10n ** 9n).toString()])),
    nativePriceInTokenOut: Object.fromEntries(chains.map(({ id }) => [id, price])),
    nativePriceInTokenIn: Object.fromEntries(chains.map(({ id }) => [id, String(ETH_USDC)])),
  };
}

function demandWithin(stage, chain) {
  const tokenIn = pick(stage, Object.values(chain.tokens));
  const tokenOut = pick(
    stage,
    Object.values(chain.tokens).filter((token) => token !== tokenIn),
  );
  const usd = randomUsd(stage);
  const amount =
    stage.next() < 0.25
      ? { amountOut: atomsOf(tokenOut, usd).toString() }
      : { amountIn: atomsOf(tokenIn, usd).toString() };
  return {
    demand: { chainId: chain.id, tokenIn: tokenIn.address, tokenOut: tokenOut.address, ...amount },
    ...gasOf(stage, [chain], tokenOut),
  };
}

/** USDC lies on one or two chains, WETH is wanted on one or on any; or the other way round. */
function demandAcross(stage, home) {
  const [input, output] = stage.next() < 0.6 ? ['USDC', 'WETH'] : ['WETH', 'USDC'];
  const { chains } = stage.world;
  const usd = randomUsd(stage);
  const sources = stage.next() < 0.5 ? [home] : [home, ...chains.filter((chain) => chain !== home).slice(0, 1)];
  const away = chains.filter((chain) => chain !== home);
  const targets = stage.next() < 0.7 ? [pick(stage, away)] : away;
  const amount = atomsOf(home.tokens[input], usd);
  const share = amount / BigInt(sources.length) + 1n;
  return {
    demand: {
      tokensIn: sources.map(({ tokens }) => reference(tokens[input])),
      tokensOut: targets.map(({ tokens }) => reference(tokens[output])),
      amountIn: amount.toString(),
    },
    inventories: sources.map(({ tokens }) => ({ ...reference(tokens[input]), amount: share.toString() })),
    ...gasOf(stage, chains, home.tokens[output]),
  };
}

/** Hop by hop, in the order of the route; what each one really paid against what was said. */
async function execute(stage, { hops }, pools, lanes) {
  const mismatches = [];
  const check = (hop, expected, paid) => {
    if (paid !== expected)
      mismatches.push({
        hop: hop.poolId ?? hop.bridgeId,
        amountIn: hop.amountIn,
        expected: `${expected}`,
        paid: `${paid}`,
      });
  };
  for (const hop of hops) {
    const [amountIn, expected] = [BigInt(hop.amountIn), BigInt(hop.amountOut)];
    if (hop.kind === 'bridge') check(hop, expected, await sendTransfer(stage, lanes.get(hop.bridgeId), amountIn));
    else {
      const pool = pools.get(hop.poolId);
      const side = pool.tokens[0].address.toLowerCase() === hop.tokenIn.toLowerCase() ? 0 : 1;
      check(hop, expected, await sendSwap(stage, pool, side, amountIn, expected));
    }
  }
  return mismatches;
}

/** Swaps through the adapter's own calls; the atoms that arrived, by the token's own events. */
async function sendSwap(stage, pool, side, amountIn, minReceived) {
  const [tokenIn, tokenOut] = side === 0 ? pool.tokens : [pool.tokens[1], pool.tokens[0]];
  const venue = stage.market.venues.find(({ id }) => id === pool.adapter);
  const fill = {
    kind: 'swap',
    pool,
    tokenIn,
    tokenOut,
    amountIn,
    minReceived,
    sender: stage.account,
    recipient: stage.account,
    deadline: FAR_DEADLINE,
  };
  stage.pools.delete(pool.chainId);
  return received(tokenOut, stage.account, await sendCalls(stage, venue.build(fill)));
}

async function sendTransfer(stage, lane, amountIn) {
  const { account, actors, world } = stage;
  const quote = await firmQuote(lane, amountIn, account, (await world.clockSeconds()) + 3600);
  const before = await balanceOf(world, quote.output.token, account);
  await sendCalls(
    stage,
    lane.bridge.build({ kind: 'quote', quote, sender: account, recipient: account, deadline: FAR_DEADLINE }),
  );
  await (lane.bridge.id === 'across' ? actors.acrossRelayer : actors.hyperlane).tick();
  return (await balanceOf(world, quote.output.token, account)) - before;
}

async function sendCalls({ account, world }, calls) {
  const receipts = [];
  for (const { chainId, data, to, valueWei } of calls) {
    const chain = world.chain(chainId);
    const transaction = {
      from: account,
      to,
      data,
      value: `0x${valueWei.toString(16)}`,
      gas: GAS_LIMIT,
      gasPrice: '0x174876e800',
    };
    const hash = await chain.rpc('eth_sendTransaction', [transaction]);
    let receipt = await chain.rpc('eth_getTransactionReceipt', [hash]);
    while (receipt === null) receipt = await chain.rpc('eth_getTransactionReceipt', [hash]);
    // A call that fails says why.
    if (receipt.status !== '0x1') await chain.rpc('eth_call', [transaction, 'latest']);
    receipts.push(receipt);
  }
  return receipts;
}

function received(token, account, receipts) {
  let atoms = 0n;
  for (const { address, data, topics } of receipts.flatMap(({ logs }) => logs)) {
    if (topics[0] !== TRANSFER_TOPIC || address.toLowerCase() !== token.address.toLowerCase()) continue;
    if (BigInt(topics[2]) === BigInt(account)) atoms += BigInt(data);
  }
  return atoms;
}

async function balanceOf(world, { address, chainId }, owner) {
  const data = `0x70a08231${owner.slice(2).toLowerCase().padStart(64, '0')}`;
  return BigInt(await world.chain(chainId).rpc('eth_call', [{ to: address, data }, 'latest']));
}
