import * as v from 'valibot';

const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address; write 0x and 40 hex digits'),
  v.transform((text) => text as `0x${string}`),
);
const chainId = v.pipe(v.number(), v.integer(), v.minValue(1));
const url = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'is not an HTTP URL'),
  v.transform((text) => text.replace(/\/+$/, '')),
);
const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'is not the name of an environment variable'));
const wholeSeconds = (least: number, most: number) =>
  v.pipe(v.number(), v.integer('must be a whole number of seconds'), v.minValue(least), v.maxValue(most));
const bps = (most: number) =>
  v.pipe(v.number(), v.integer('must be whole'), v.minValue(0, 'must not be negative'), v.maxValue(most));

/** GPv2Settlement and GPv2VaultRelayer, at the same address wherever CoW Protocol is deployed. */
const COW_SETTLEMENT = '0x9008D19f58AAbD9eD0D60971565AA8510560ab41';
const COW_VAULT_RELAYER = '0xC92E8bdf79f0507f65a392b0ab4667716BFE0110';

const cowChain = v.strictObject({
  chainId,
  /** Of one chain's order book: `https://api.cow.fi/mainnet`. */
  apiUrl: url,
  settlement: v.optional(address, COW_SETTLEMENT),
  vaultRelayer: v.optional(address, COW_VAULT_RELAYER),
});

const uniswapxShared = {
  chainId,
  /** Answers `/quote`, and `/hard-quote` for V2 orders. */
  quoteUrl: url,
  /** Answers `/order`. Default: `quoteUrl`. */
  orderUrl: v.exactOptional(url),
  /** Environment variable that holds the service's key. */
  apiKeyEnv: v.exactOptional(variable),
  reactor: address,
  /** OrderQuoter, which tries an order out before it is given away. */
  quoter: address,
};

const uniswapxChain = v.variant('kind', [
  v.strictObject({
    ...uniswapxShared,
    kind: v.literal('exclusive-dutch'),
    /** For how long a filler that names itself has the order for itself. */
    exclusivitySeconds: v.optional(wholeSeconds(0, 600), 0),
    overrideBps: v.optional(bps(10_000), 100),
  }),
  v.strictObject({ ...uniswapxShared, kind: v.literal('v2-dutch'), cosigner: address }),
]);

const cow = v.strictObject({
  /** How far the signed limit lies below what the order book says, and not below what the intent asks for. */
  slippageBps: v.optional(bps(1000), 50),
  chains: v.pipe(v.array(cowChain), v.minLength(1, 'names no chain')),
});

const uniswapx = v.strictObject({
  /** How far the price falls below what the filler says, and not below what the intent asks for. */
  decayBps: v.optional(bps(1000), 30),
  /** How long it falls. */
  decaySeconds: v.optional(wholeSeconds(0, 3600), 60),
  chains: v.pipe(v.array(uniswapxChain), v.minLength(1, 'names no chain')),
});

const oif = v.strictObject({
  /** Of the service, without `/v1`. */
  apiUrl: url,
  apiKeyEnv: v.exactOptional(variable),
  chains: v.pipe(
    v.array(
      v.strictObject({
        chainId,
        inputSettler: address,
        outputSettler: address,
        inputOracle: address,
        outputOracle: address,
        /** Blocks above a block after which it counts as final. Left out: what the node calls `finalized`. */
        finalAfterBlocks: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      }),
    ),
    v.minLength(1, 'names no chain'),
  ),
});

/** Outside solver networks that bid for every slice. */
export const solversSchema = v.strictObject({
  /** How long a network may take with an order; afterwards nobody can fill it. */
  patienceSeconds: v.optional(wholeSeconds(10, 3600), 120),
  /** How long after its end an order is proven dead: the finality of its chain. */
  proofSeconds: v.optional(wholeSeconds(0, 7200), 900),
  /** How much better than our own route a bid has to be. */
  handicapBps: v.optional(v.pipe(v.number(), v.minValue(0, 'must not be negative'), v.maxValue(1000)), 1),
  /** How long networks have to answer. */
  answerSeconds: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(60)), 3),
  cow: v.exactOptional(cow),
  uniswapx: v.exactOptional(uniswapx),
  oif: v.optional(v.array(oif), []),
});

export type SolversConfig = v.InferOutput<typeof solversSchema>;
