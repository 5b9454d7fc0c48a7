import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import type { Curve } from '../model/curve.js';
import { MAX_TICK, MIN_TICK } from '../model/curves/tick-math.js';
import { Decimal, decimalFromNumber } from '../model/decimal.js';
import { sameToken, type Token, tokenKey } from '../model/token.js';
import { assertPools } from './check-pools.js';
import { RouteDuplicateError } from './errors.js';
import type { RouteBridge, RouteModel, RoutePool, RouteStock } from './model.js';

const Atoms = v.pipe(v.string(), v.regex(/^\d{1,78}$/, 'must be a whole number of atoms as a string'));
const SignedAtoms = v.pipe(v.string(), v.regex(/^-?\d{1,78}$/, 'must be a whole number as a string'));
const DecimalText = v.pipe(v.string(), v.regex(/^(?:0|[1-9]\d*)(?:\.\d+)?$/, 'must be a plain decimal as a string'));
/** Prices may stand as JSON numbers: unlike amounts, they lose nothing by it. */
const Wei = v.union([Atoms, v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.transform(String))]);
const Price = v.union([
  DecimalText,
  v.pipe(
    v.number(),
    v.finite(),
    v.minValue(0),
    v.transform((price) => decimalFromNumber(price, 'price')),
  ),
]);
const Address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hexadecimal digits'));
const ChainId = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Ppm = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(999_999));
const Gas = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Tick = v.pipe(v.number(), v.safeInteger(), v.minValue(MIN_TICK), v.maxValue(MAX_TICK));
const Side = v.union([v.literal(0), v.literal(1)]);
const Level = v.object({ amountIn: Atoms, amountOut: Atoms });

const poolBase = {
  id: v.pipe(v.string(), v.minLength(1)),
  adapter: v.optional(v.string()),
  chainId: ChainId,
  tokens: v.tuple([Address, Address]),
  gas: v.optional(Gas, 0),
  gasPerTick: v.optional(Gas, 0),
};

const PoolSchema = v.variant('kind', [
  v.object({ ...poolBase, kind: v.literal('constant-product'), feePpm: Ppm, reserves: v.tuple([Atoms, Atoms]) }),
  v.object({
    ...poolBase,
    kind: v.literal('concentrated'),
    feePpm: Ppm,
    liquidity: Atoms,
    sqrtPriceX96: Atoms,
    tick: Tick,
    tickSpacing: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    ticks: v.array(v.object({ index: Tick, liquidityNet: SignedAtoms })),
    tickRange: v.optional(
      v.object({ low: v.pipe(v.number(), v.safeInteger()), high: v.pipe(v.number(), v.safeInteger()) }),
    ),
  }),
  v.object({
    ...poolBase,
    kind: v.literal('stable-swap'),
    feePpm: Ppm,
    balances: v.tuple([Atoms, Atoms]),
    rates: v.tuple([Atoms, Atoms]),
    amplification: Atoms,
  }),
  v.object({ ...poolBase, kind: v.literal('levels'), tokenInIndex: Side, levels: v.array(Level) }),
  v.object({ ...poolBase, kind: v.literal('ladder'), tokenInIndex: Side, points: v.array(Level) }),
]);

const TokenRef = v.object({ chainId: ChainId, address: Address });

const BridgeSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  adapter: v.optional(v.string()),
  from: TokenRef,
  to: TokenRef,
  feePpm: v.optional(Ppm, 0),
  /** Numeraire for one transfer. */
  fixedCost: v.optional(DecimalText, '0'),
  gas: v.optional(Gas, 0),
  minAmount: v.optional(Atoms, '0'),
  maxAmount: Atoms,
  timeSeconds: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), 0),
  /** Id of the stock that pays its amounts out. */
  stock: v.optional(v.string()),
});

const onOneChain = { chainId: ChainId, tokenIn: Address, tokenOut: Address };
const TokenList = v.pipe(v.array(TokenRef), v.minLength(1));
const acrossChains = { tokensIn: TokenList, tokensOut: TokenList };
const ExactIn = v.strictObject({ ...onOneChain, amountIn: Atoms });
const ExactOut = v.strictObject({ ...onOneChain, amountOut: Atoms });
const ExactInAcross = v.strictObject({ ...acrossChains, amountIn: Atoms });
const ExactOutAcross = v.strictObject({ ...acrossChains, amountOut: Atoms });

/** By the fields that are there, so that what is wrong is said of the form that was meant. */
const DemandSchema = v.lazy((input) => {
  const has = (field: string): boolean => typeof input === 'object' && input !== null && field in input;
  if (has('tokensIn') || has('tokensOut')) return has('amountOut') ? ExactOutAcross : ExactInAcross;
  return has('amountOut') ? ExactOut : ExactIn;
});

const pricesByChain = v.optional(v.record(v.string(), Price), {});

const ProblemSchema = v.object({
  tokens: v.array(
    v.object({
      chainId: ChainId,
      address: Address,
      symbol: v.string(),
      decimals: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(36)),
      /** Tokens that keep a part of each transfer cannot be routed to the atom. */
      feeOnTransfer: v.optional(v.boolean(), false),
    }),
  ),
  pools: v.array(PoolSchema),
  bridges: v.optional(v.array(BridgeSchema), []),
  bridgeStocks: v.optional(
    v.array(v.object({ id: v.pipe(v.string(), v.minLength(1)), ...TokenRef.entries, amount: Atoms })),
    [],
  ),
  inventories: v.optional(v.array(v.object({ ...TokenRef.entries, amount: Atoms })), []),
  inventoryValues: v.optional(v.array(v.object({ ...TokenRef.entries, perUnit: DecimalText })), []),
  demand: DemandSchema,
  /** Wei per unit of gas. */
  gasPrices: v.optional(v.record(v.string(), Wei), {}),
  /** Numeraire per native coin; the numeraire of an exact-out demand is its input. */
  nativePriceInTokenOut: pricesByChain,
  nativePriceInTokenIn: pricesByChain,
  timeCostBpsPerHour: v.optional(DecimalText, '0'),
  maxHops: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
});

interface PoolFields {
  readonly id: string;
  readonly adapter?: string | undefined;
  readonly chainId: number;
  /** Addresses in the pool's own order. */
  readonly tokens: readonly [string, string];
  /** Units of gas of one swap. */
  readonly gas?: number | undefined;
  readonly gasPerTick?: number | undefined;
}

interface LevelJson {
  readonly amountIn: string;
  readonly amountOut: string;
}

/** A pool in plain JSON; amounts are atoms as decimal strings, in the order of `tokens`. */
export type RouteProblemPool = PoolFields &
  (
    | { readonly kind: 'constant-product'; readonly feePpm: number; readonly reserves: readonly [string, string] }
    | {
        readonly kind: 'concentrated';
        readonly feePpm: number;
        readonly liquidity: string;
        readonly sqrtPriceX96: string;
        readonly tick: number;
        readonly tickSpacing: number;
        readonly ticks: readonly { readonly index: number; readonly liquidityNet: string }[];
        /** What was read; absent: one spacing beyond the outermost tick. */
        readonly tickRange?: { readonly low: number; readonly high: number } | undefined;
      }
    | {
        readonly kind: 'stable-swap';
        readonly feePpm: number;
        readonly balances: readonly [string, string];
        readonly rates: readonly [string, string];
        readonly amplification: string;
      }
    | { readonly kind: 'levels'; readonly tokenInIndex: 0 | 1; readonly levels: readonly LevelJson[] }
    | { readonly kind: 'ladder'; readonly tokenInIndex: 0 | 1; readonly points: readonly LevelJson[] }
  );

interface TokenReference {
  readonly chainId: number;
  readonly address: string;
}

/** What is wanted: on one chain, or from any of several tokens into any of several. Exactly one amount is given. */
export type RouteDemand = (
  | { readonly chainId: number; readonly tokenIn: string; readonly tokenOut: string }
  | { readonly tokensIn: readonly TokenReference[]; readonly tokensOut: readonly TokenReference[] }
) &
  ({ readonly amountIn: string } | { readonly amountOut: string });

/**
 * A route problem as plain JSON. Amounts are atoms as decimal strings; amounts across several tokens are at the decimals
 * of the most precise of them. Across chains the inputs are drawn from `inventories`.
 */
export interface RouteProblem {
  readonly tokens: readonly (TokenReference & {
    readonly symbol: string;
    readonly decimals: number;
    readonly feeOnTransfer?: boolean | undefined;
  })[];
  readonly pools: readonly RouteProblemPool[];
  readonly bridges?:
    | readonly {
        readonly id: string;
        readonly adapter?: string | undefined;
        readonly from: TokenReference;
        readonly to: TokenReference;
        readonly feePpm?: number | undefined;
        /** Numeraire for one transfer. */
        readonly fixedCost?: string | undefined;
        readonly gas?: number | undefined;
        readonly minAmount?: string | undefined;
        readonly maxAmount: string;
        readonly timeSeconds?: number | undefined;
        /** Id of one of `bridgeStocks`; absent: a stock of its own, without limit. */
        readonly stock?: string | undefined;
      }[]
    | undefined;
  /** What lanes that name it pay out from on one chain, and together no more than there is. */
  readonly bridgeStocks?: readonly (TokenReference & { readonly id: string; readonly amount: string })[] | undefined;
  /** What may be spent where. Absent or empty: as much of a single input as the demand asks for. */
  readonly inventories?: readonly (TokenReference & { readonly amount: string })[] | undefined;
  /** What a unit of an input or output is worth where it lies, beyond its price, in numeraire: it will be needed there. */
  readonly inventoryValues?: readonly (TokenReference & { readonly perUnit: string })[] | undefined;
  readonly demand: RouteDemand;
  /** Wei per unit of gas, by chain. */
  readonly gasPrices?: Readonly<Record<string, string | number>> | undefined;
  /** Units of the output per native coin, by chain: what prices the gas of an exact-in demand. */
  readonly nativePriceInTokenOut?: Readonly<Record<string, string | number>> | undefined;
  /** Units of the input per native coin, by chain: what prices the gas of an exact-out demand. */
  readonly nativePriceInTokenIn?: Readonly<Record<string, string | number>> | undefined;
  readonly timeCostBpsPerHour?: string | undefined;
  /** The most hops of the whole route; absent: as many as pay. */
  readonly maxHops?: number | undefined;
}

type ParsedProblem = v.InferOutput<typeof ProblemSchema>;

/**
 * Checks a problem from outside and brings it into the router's own terms.
 *
 * @throws InvalidInputError naming the field; RouteDuplicateError; RoutePoolInvalidError.
 */
export function parseProblem(problem: unknown): RouteModel {
  const result = v.safeParse(ProblemSchema, problem);
  if (!result.success) {
    const issue = result.issues[0];
    const path = v.getDotPath(issue) ?? 'problem';
    throw new InvalidInputError(path, issue.input, issue.message, 'Correct the field and try again.');
  }
  return toModel(result.output);
}

function toModel(problem: ParsedProblem): RouteModel {
  const tokens = new Map<string, Token>();
  for (const { address, chainId, decimals, feeOnTransfer, symbol } of problem.tokens) {
    const token = { chainId, address: address as Token['address'], symbol, decimals };
    if (tokens.has(tokenKey(token))) throw new RouteDuplicateError('tokens', tokenKey(token));
    if (!feeOnTransfer) tokens.set(tokenKey(token), token);
  }
  const charging = new Set(problem.tokens.filter((t) => t.feeOnTransfer).map((t) => keyOf(t)));
  const find: FindToken = (reference, field) => {
    const key = keyOf(reference);
    const token = tokens.get(key);
    if (token !== undefined) return token;
    const why = charging.has(key) ? 'keeps a part of each transfer' : 'is not among the tokens';
    throw new InvalidInputError(field, key, why, 'Use a listed token that transfers what it says.');
  };
  // A pool of a token that charges on transfer pays other amounts than its curve says: it is left out.
  const isUsable = (pool: (typeof problem.pools)[number]): boolean =>
    pool.tokens.every((address) => !charging.has(keyOf({ chainId: pool.chainId, address })));
  const pools = problem.pools.flatMap((pool, i): RoutePool[] => {
    if (!isUsable(pool)) return [];
    const tokenAt = (side: 0 | 1): Token =>
      find({ chainId: pool.chainId, address: pool.tokens[side] }, `pools.${i}.tokens.${side}`);
    return [
      {
        id: pool.id,
        adapter: pool.adapter ?? '',
        chainId: pool.chainId,
        tokens: [tokenAt(0), tokenAt(1)],
        curve: toCurve(pool),
        gas: { base: BigInt(pool.gas), perTick: BigInt(pool.gasPerTick) },
      },
    ];
  });
  assertPools(pools);
  const stocks = toStocks(problem, find);
  const bridges = toBridges(problem, stocks, find);
  const { demand } = problem;
  const exactOut = 'amountOut' in demand;
  const single = 'tokenIn' in demand;
  const inTokens = single
    ? [find({ chainId: demand.chainId, address: demand.tokenIn }, 'demand.tokenIn')]
    : demand.tokensIn.map((reference, i) => find(reference, `demand.tokensIn.${i}`));
  const outputs = single
    ? [find({ chainId: demand.chainId, address: demand.tokenOut }, 'demand.tokenOut')]
    : demand.tokensOut.map((reference, i) => find(reference, `demand.tokensOut.${i}`));
  assertOnce(inTokens, 'demand.tokensIn');
  assertOnce(outputs, 'demand.tokensOut');
  if (inTokens.some((a) => outputs.some((b) => tokenKey(a) === tokenKey(b)))) {
    throw new InvalidInputError('demand', tokenKey(outputs[0]!), 'asks for a token it gives', 'Name two tokens.');
  }
  const held = new Map<string, bigint>();
  for (const item of problem.inventories) held.set(keyOf(item), (held.get(keyOf(item)) ?? 0n) + BigInt(item.amount));
  const unlimited = problem.inventories.length === 0 && inTokens.length === 1;
  if (!unlimited && inTokens.every((token) => !held.get(tokenKey(token)))) {
    const why = 'hold nothing of what the demand may give';
    throw new InvalidInputError('inventories', inTokens.map(tokenKey).join(', '), why, 'Say what there is of it.');
  }
  const amount = BigInt('amountOut' in demand ? demand.amountOut : demand.amountIn);
  if (amount === 0n) throw new InvalidInputError('demand.amountIn', '0', 'asks for nothing', 'Use 1 atom or more.');
  const bps = Number(problem.timeCostBpsPerHour);
  return {
    pools,
    bridges,
    stocks: stocks.map(({ atoms, token }) => ({ atoms, token })),
    inputs: inTokens.map((token) => ({ token, atoms: unlimited ? undefined : (held.get(tokenKey(token)) ?? 0n) })),
    outputs,
    exactOut,
    amount,
    amountDecimals: Math.max(...(exactOut ? outputs : inTokens).map(({ decimals }) => decimals)),
    gasCost: gasCosts(problem, exactOut),
    ...toKeepValue(problem, exactOut ? inTokens : outputs, find),
    waitCost: () => bps / 1e4 / 3600,
    limitPrice: undefined,
    maxHops: problem.maxHops ?? Number.MAX_SAFE_INTEGER,
    limitMargin: 1e-8,
  };
}

function assertOnce(tokens: readonly Token[], field: string): void {
  const keys = tokens.map(tokenKey);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined) throw new RouteDuplicateError(field, twice);
}

function keyOf({ address, chainId }: { chainId: number; address: string }): string {
  return `${chainId}:${address.toLowerCase()}`;
}

function toCurve(pool: ParsedProblem['pools'][number]): Curve {
  switch (pool.kind) {
    case 'constant-product':
      return { kind: pool.kind, feePpm: pool.feePpm, reserves: pair(pool.reserves) };
    case 'concentrated': {
      const ticks = pool.ticks.map(({ index, liquidityNet }) => ({ index, liquidityNet: BigInt(liquidityNet) }));
      const ends = [pool.tick, ...ticks.map(({ index }) => index)];
      return {
        kind: pool.kind,
        feePpm: pool.feePpm,
        liquidity: BigInt(pool.liquidity),
        sqrtPriceX96: BigInt(pool.sqrtPriceX96),
        tick: pool.tick,
        tickSpacing: pool.tickSpacing,
        ticks,
        // Beyond the outermost tick there is no liquidity; one spacing further a swap would end all the same.
        tickRange: pool.tickRange ?? {
          low: Math.min(...ends) - pool.tickSpacing,
          high: Math.max(...ends) + pool.tickSpacing,
        },
      };
    }
    case 'stable-swap':
      return {
        kind: pool.kind,
        feePpm: pool.feePpm,
        balances: pair(pool.balances),
        rates: pair(pool.rates),
        amplification: BigInt(pool.amplification),
      };
    case 'levels':
      return { kind: pool.kind, tokenInIndex: pool.tokenInIndex, levels: pool.levels.map(toLevel) };
    case 'ladder':
      return { kind: pool.kind, tokenInIndex: pool.tokenInIndex, points: pool.points.map(toLevel) };
  }
}

function pair([a, b]: readonly [string, string]): readonly [bigint, bigint] {
  return [BigInt(a), BigInt(b)];
}

function toLevel({ amountIn, amountOut }: { amountIn: string; amountOut: string }): {
  amountIn: bigint;
  amountOut: bigint;
} {
  return { amountIn: BigInt(amountIn), amountOut: BigInt(amountOut) };
}

type FindToken = (reference: { chainId: number; address: string }, field: string) => Token;

interface NamedStock extends RouteStock {
  readonly id: string;
}

function toStocks({ bridgeStocks }: ParsedProblem, find: FindToken): NamedStock[] {
  const ids = bridgeStocks.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new RouteDuplicateError('bridgeStocks', twice);
  return bridgeStocks.map((stock, i) => ({
    id: stock.id,
    token: find(stock, `bridgeStocks.${i}`),
    atoms: BigInt(stock.amount),
  }));
}

/** A stock pays out what its lane brings. */
function stockIndex(
  id: string | undefined,
  stocks: readonly NamedStock[],
  to: Token,
  field: string,
): number | undefined {
  if (id === undefined) return undefined;
  const index = stocks.findIndex((stock) => stock.id === id && sameToken(stock.token, to));
  if (index >= 0) return index;
  const why = 'is not a stock of the token that the lane pays out';
  throw new InvalidInputError(field, id, why, 'Name one of `bridgeStocks`.');
}

/** @param numeraire tokens of the side that is not exact: there a whole unit more than the price would pay for itself */
function toKeepValue(
  { inventoryValues }: ParsedProblem,
  numeraire: readonly Token[],
  find: FindToken,
): Pick<RouteModel, 'keepValue'> {
  inventoryValues.forEach(({ perUnit, ...at }, i) => {
    if (Number(perUnit) < 1 || !numeraire.some((token) => tokenKey(token) === keyOf(at))) return;
    const field = `inventoryValues.${i}.perUnit`;
    throw new InvalidInputError(
      field,
      perUnit,
      'is not below the price of the token',
      'Give what is beyond the price.',
    );
  });
  const values = new Map(
    inventoryValues.map((item, i) => [tokenKey(find(item, `inventoryValues.${i}`)), Number(item.perUnit)]),
  );
  if (![...values.values()].some((value) => value > 0)) return {};
  return { keepValue: (token) => values.get(tokenKey(token)) ?? 0 };
}

function toBridges(problem: ParsedProblem, stocks: readonly NamedStock[], find: FindToken): RouteBridge[] {
  const ids = new Set<string>();
  return problem.bridges.map((bridge, i) => {
    if (ids.has(bridge.id)) throw new RouteDuplicateError('bridges', bridge.id);
    ids.add(bridge.id);
    return {
      id: bridge.id,
      adapter: bridge.adapter ?? '',
      from: find(bridge.from, `bridges.${i}.from`),
      to: find(bridge.to, `bridges.${i}.to`),
      stock: stockIndex(bridge.stock, stocks, find(bridge.to, `bridges.${i}.to`), `bridges.${i}.stock`),
      feePpm: bridge.feePpm,
      messageCost: Number(bridge.fixedCost),
      gasUnits: BigInt(bridge.gas),
      minAtoms: BigInt(bridge.minAmount),
      maxAtoms: BigInt(bridge.maxAmount),
      timeSeconds: bridge.timeSeconds,
      minReceivedRatio: 1,
    };
  });
}

function gasCosts(problem: ParsedProblem, exactOut: boolean): Map<number, number> {
  const prices = exactOut ? problem.nativePriceInTokenIn : problem.nativePriceInTokenOut;
  const field = exactOut ? 'nativePriceInTokenIn' : 'nativePriceInTokenOut';
  const costs = new Map<number, number>();
  for (const [chain, wei] of Object.entries(problem.gasPrices)) {
    const price = prices[chain];
    if (price === undefined) {
      if (wei === '0') continue;
      throw new InvalidInputError(
        `${field}.${chain}`,
        undefined,
        'is missing',
        'Price the native coin of each chain that has a gas price.',
      );
    }
    costs.set(Number(chain), new Decimal(wei).shiftedBy(-18).times(price).toNumber());
  }
  return costs;
}
