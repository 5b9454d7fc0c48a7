import * as v from 'valibot';

const Atoms = v.pipe(v.bigint(), v.minValue(0n, 'must not be negative'));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Seconds = v.pipe(v.number(), v.finite(), v.minValue(0));
const Text = v.pipe(v.string(), v.minLength(1));
const Address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/));
const Fee = v.pipe(v.number(), v.finite());

const Token = v.object({
  chainId: Count,
  address: Address,
  symbol: v.string(),
  decimals: v.pipe(Count, v.maxValue(36)),
});
const TokenAmount = v.object({ token: Token, atoms: Atoms });
const AsOf = v.object({
  source: v.string(),
  timeSeconds: Seconds,
  chainId: v.optional(Count),
  blockNumber: v.optional(Count),
});
/** Plain JSON, however deep; anything else (functions, class instances, symbols) is no payload. */
const Json: v.GenericSchema = v.lazy(() =>
  v.union([
    v.null(),
    v.boolean(),
    v.pipe(v.number(), v.finite()),
    v.string(),
    v.array(Json),
    v.record(v.string(), Json),
  ]),
);

/** Lists run to thousands of entries: one loop in place of a schema an entry keeps soliciting within milliseconds. */
const Levels = v.custom<readonly { amountIn: bigint; amountOut: bigint }[]>(
  (value) => isListOf(value, (item) => isBigint(item['amountIn']) && isBigint(item['amountOut'])),
  'must be a list of levels with bigint amounts',
);
const Ticks = v.custom<readonly { index: number; liquidityNet: bigint }[]>(
  (value) => isListOf(value, (item) => typeof item['index'] === 'number' && isBigint(item['liquidityNet'])),
  'must be a list of ticks with a number and a bigint each',
);

function isListOf(value: unknown, test: (item: Readonly<Record<string, unknown>>) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  for (const item of value as unknown[]) {
    if (typeof item !== 'object' || item === null || !test(item as Record<string, unknown>)) return false;
  }
  return true;
}

function isBigint(value: unknown): boolean {
  return typeof value === 'bigint';
}

const Index = v.union([v.literal(0), v.literal(1)]);

/** Shapes only; what the numbers may be is the business of `checkCurve`. */
const Curve = v.variant('kind', [
  v.object({ kind: v.literal('constant-product'), reserves: v.tuple([v.bigint(), v.bigint()]), feePpm: Fee }),
  v.object({
    kind: v.literal('concentrated'),
    sqrtPriceX96: v.bigint(),
    tick: v.number(),
    liquidity: v.bigint(),
    tickSpacing: v.number(),
    feePpm: Fee,
    feePpmToken1In: v.optional(Fee),
    ticks: Ticks,
    tickRange: v.object({ low: v.number(), high: v.number() }),
  }),
  v.object({
    kind: v.literal('stable-swap'),
    balances: v.tuple([v.bigint(), v.bigint()]),
    rates: v.tuple([v.bigint(), v.bigint()]),
    amplification: v.bigint(),
    feePpm: Fee,
  }),
  v.object({ kind: v.literal('levels'), tokenInIndex: Index, levels: Levels }),
  v.object({ kind: v.literal('ladder'), tokenInIndex: Index, points: Levels }),
]);

/** What a venue's answer must look like before its numbers are looked at. */
export const PoolShape: v.GenericSchema = v.object({
  id: Text,
  adapter: Text,
  chainId: Count,
  tokens: v.tuple([Token, Token]),
  curve: Curve,
  gas: v.object({ base: Atoms, perTick: Atoms }),
  asOf: AsOf,
  payload: Json,
  address: v.optional(Address),
});

/** What a quote must look like before its arithmetic is checked. */
export const QuoteShape: v.GenericSchema = v.object({
  id: Text,
  adapter: Text,
  kind: v.picklist(['venue', 'bridge']),
  input: TokenAmount,
  output: TokenAmount,
  minReceived: Atoms,
  fees: v.array(
    v.object({
      kind: v.picklist(['liquidity-provider', 'protocol', 'bridge', 'relayer', 'message', 'integrator', 'other']),
      amount: v.object({ token: Token, atoms: v.bigint() }),
      included: v.boolean(),
    }),
  ),
  gas: v.array(v.object({ chainId: Count, units: Atoms })),
  timeSeconds: v.object({ expected: Seconds, worst: Seconds }),
  validUntil: Seconds,
  asOf: AsOf,
  onFailure: v.picklist(['revert', 'refund-automatic', 'refund-by-claim', 'needs-signature']),
  riskBearer: v.optional(v.picklist(['owner', 'relayer', 'protocol'])),
  payload: Json,
});

export const LaneLimitsShape: v.GenericSchema = v.object({ min: Atoms, max: Atoms, reason: v.string() });

/** The first thing that is wrong with `value`, as "field: problem", or undefined. */
export function shapeProblem(schema: v.GenericSchema, value: unknown): string | undefined {
  const result = v.safeParse(schema, value);
  if (result.success) return undefined;
  const issue = result.issues[0];
  return `${v.getDotPath(issue) ?? 'answer'}: ${issue.message}`;
}
