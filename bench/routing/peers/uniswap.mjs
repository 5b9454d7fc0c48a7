// Uniswap's smart order router: its route enumeration and its choice of splits, over exact local quotes.
import { createRequire } from 'node:module';
import { judge } from '../judge.mjs';
import { concentratedForm } from './common.mjs';

export const name = 'uniswap';
export const label = '@uniswap/smart-order-router 4.31.10';

/** It quotes every route at every percentage: what it would fetch from a node is computed here. */
export const mostPools = 80;

/** Its defaults for the main chain. */
const MAX_HOPS = 3;
const PERCENTS = Array.from({ length: 20 }, (_, i) => (i + 1) * 5);
/** Nobody takes a share of the output. */
const noPortion = {
  getQuote: (_type, quote) => quote,
  getQuoteGasAdjusted: (_type, quote) => quote,
  getQuoteGasAndPortionAdjusted: (_type, quote) => quote,
  getRouteWithQuotePortionAdjusted: (_type, routes) => routes,
};
const ROUTING = {
  minSplits: 1,
  maxSplits: 7,
  distributionPercent: 5,
  forceCrossProtocol: false,
  forceMixedRoutes: false,
};

export function load() {
  const require = createRequire(import.meta.url);
  require('@uniswap/smart-order-router');
  const main = '@uniswap/smart-order-router/build/main';
  return {
    ...require(`${main}/routers/alpha-router/functions/best-swap-route`),
    ...require(`${main}/routers/alpha-router/functions/compute-all-routes`),
    ...require(`${main}/routers/alpha-router/entities/route-with-valid-quote`),
    ...require(`${main}/util/amounts`),
    Pool: require('@uniswap/v3-sdk').Pool,
    ...require('@uniswap/sdk-core'),
    BigNumber: require('@ethersproject/bignumber').BigNumber,
  };
}

export function prepare(lib, problem) {
  const tokens = new Map(
    problem.tokens.map(({ address, chainId, decimals, symbol }) => [
      address,
      new lib.Token(chainId, address, decimals, symbol),
    ]),
  );
  const ids = new Map();
  const pools = problem.pools.map((pool) => {
    const { liquidity, sqrtPriceX96, tick } = concentratedForm(pool, () => 1);
    const [a, b] = pool.tokens.map((address) => tokens.get(address));
    const made = new lib.Pool(a, b, pool.feePpm, sqrtPriceX96.toString(), liquidity.toString(), tick);
    ids.set(made, pool.id);
    return made;
  });
  const { amountIn, chainId, tokenIn, tokenOut } = problem.demand;
  const [from, to] = [tokens.get(tokenIn), tokens.get(tokenOut)];
  const gasPrice = BigInt(problem.gasPrices[chainId]);
  const gasOf = new Map(problem.pools.map(({ gas, id }) => [id, BigInt(gas)]));
  const usd = new lib.Token(1, problem.tokens[0].address, 6, 'USDC');
  const gasModel = {
    estimateGasCost: ({ route }) => {
      const units = route.pools.reduce((sum, pool) => sum + gasOf.get(ids.get(pool)), 0n);
      return {
        gasEstimate: lib.BigNumber.from(units.toString()),
        gasCostInToken: lib.CurrencyAmount.fromRawAmount(to, (units * gasPrice).toString()),
        gasCostInUSD: lib.CurrencyAmount.fromRawAmount(usd, 0),
      };
    },
  };
  const total = lib.CurrencyAmount.fromRawAmount(from, amountIn);
  const v3PoolProvider = { getPoolAddress: () => ({ poolAddress: '' }) };

  /** Pools of one pair and fee share an address with its provider: they get names of their own. */
  const quoted = (route, percent) => {
    const amount = total.multiply(new lib.Fraction(percent, 100));
    const hops = hopsOf(route, BigInt(amount.quotient.toString()));
    const played = judge({ ...problem, gasPrices: {} }, hops);
    if (!played.ok || played.amountOut === 0n) return undefined;
    const made = new lib.V3RouteWithValidQuote({
      amount,
      rawQuote: lib.BigNumber.from(played.amountOut.toString()),
      sqrtPriceX96AfterList: [],
      initializedTicksCrossedList: [],
      quoterGasEstimate: lib.BigNumber.from(0),
      percent,
      route,
      gasModel,
      quoteToken: to,
      tradeType: lib.TradeType.EXACT_INPUT,
      v3PoolProvider,
    });
    made.poolIdentifiers = route.pools.map((pool) => ids.get(pool));
    return made;
  };

  const hopsOf = ({ pools: along, tokenPath }, first) =>
    along.map((pool, i) => ({
      poolId: ids.get(pool),
      tokenIn: tokenPath[i].address.toLowerCase(),
      tokenOut: tokenPath[i + 1].address.toLowerCase(),
      amount: i === 0 ? first : { from: i - 1 },
    }));

  const solve = () => {
    const routes = lib.computeAllV3Routes(from, to, pools, MAX_HOPS);
    const quotes = routes.flatMap((route) => PERCENTS.flatMap((percent) => quoted(route, percent) ?? []));
    return lib.getBestSwapRoute(
      total,
      PERCENTS,
      quotes,
      lib.TradeType.EXACT_INPUT,
      chainId,
      ROUTING,
      noPortion,
      undefined,
      gasModel,
    );
  };
  const toHops = ({ routes }) => {
    const hops = [];
    routes.forEach(({ amount, route }, r) => {
      const start = hops.length;
      const first = r === routes.length - 1 ? { share: 1 } : BigInt(amount.quotient.toString());
      for (const hop of hopsOf(route, first)) {
        hops.push({ ...hop, amount: hop.amount.from === undefined ? hop.amount : { from: hop.amount.from + start } });
      }
    });
    return hops;
  };
  return { solve, toHops };
}
