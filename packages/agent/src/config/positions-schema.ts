import * as v from 'valibot';
import { perpV2MarketSchema, synthetixMarketSchema } from './instruments-schema.js';

const decimal = v.pipe(v.string(), v.regex(/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/, 'is not a plain decimal; write "-1.25"'));
const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address; write 0x and 40 hex digits'),
  v.transform((text) => text as `0x${string}`),
);
const slot = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{1,64}$/, 'is not a storage slot; write 0x and up to 64 hex digits'),
  v.transform((text) => text as `0x${string}`),
);
const name = v.pipe(v.string(), v.minLength(1, 'must not be empty'));
const whole = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max));
const chainId = v.pipe(v.number(), v.integer(), v.minValue(1));
const token = v.strictObject({ address, symbol: name, decimals: whole(36) });

/** What a unit of an asset means for the exposure: deltaPerUnit × spot + valuePerUnit. */
const meaning = {
  deltaPerUnit: decimal,
  valuePerUnit: decimal,
  /** Names an asset whose price may leave what `deltaPerUnit` says of it. */
  basisAsset: v.optional(name),
};

const view = v.strictObject({
  to: address,
  /** As in Solidity: "function valueOf(address owner) view returns (uint256)". */
  signature: name,
  /** `$owner` stands for the owner. */
  args: v.optional(v.array(v.union([v.string(), v.number()]))),
  decimals: whole(36),
  output: v.optional(whole(32)),
});

const bump = v.variant('kind', [
  v.strictObject({ kind: v.literal('feed'), address, decimals: whole(36) }),
  v.strictObject({
    kind: v.literal('storage'),
    address,
    slot,
    bitOffset: v.optional(whole(255)),
    bits: v.optional(whole(256)),
  }),
  v.strictObject({ kind: v.literal('uniswap-v3'), address, underlyingIndex: v.picklist([0, 1]) }),
]);

const percent = v.pipe(v.number(), v.gtValue(0, 'must be above zero'), v.maxValue(49, 'must be at most 49 percent'));

/** Which positions of the owner are read, and from where. */
export const positionsSchema = v.strictObject({
  /** Checked by the option book itself: see its keys there. */
  optionBook: v.optional(v.looseObject({})),
  uniswapV2: v.optional(v.boolean(), false),
  uniswapV3: v.optional(v.boolean(), false),
  uniswapV4: v.optional(v.boolean(), false),
  /** By chain: first block whose events may show a position. Default: 0. */
  uniswapV4FromBlock: v.optional(v.record(v.pipe(v.string(), v.digits('is not a chain id')), whole(1e12)), {}),
  holdings: v.optional(v.boolean(), true),
  aaveV3: v.optional(
    v.array(
      v.strictObject({
        chainId,
        addressesProvider: address,
        /** With it, and `instruments`, its margin is kept. */
        pool: v.exactOptional(address),
        /** Beside the chain's own base and quote. */
        assets: v.optional(v.array(v.strictObject({ token, ...meaning })), []),
      }),
    ),
    [],
  ),
  lyra: v.optional(
    v.array(
      v.strictObject({
        chainId,
        optionMarket: address,
        optionToken: address,
        optionGreekCache: address,
        /** With both its boards and feeds are watched: settlement, freezing, ranges. */
        optionMarketPricer: v.exactOptional(address),
        synthetixAdapter: v.exactOptional(address),
        /** With it the agent settles what has expired. */
        shortCollateral: v.exactOptional(address),
        /** What premiums are paid in, such as sUSD, and the underlying as a token, such as sETH. */
        quoteAsset: token,
        baseAsset: token,
        /** The venue's own averages, or what the next trade starts from. */
        volatility: v.optional(v.picklist(['averaged', 'current']), 'averaged'),
      }),
    ),
    [],
  ),
  /** Accounts that are not traded; those of `instruments` are read without being named here. */
  perpV2: v.optional(v.array(v.strictObject(perpV2MarketSchema)), []),
  synthetixPerps: v.optional(v.array(v.strictObject(synthetixMarketSchema)), []),
  erc4626: v.optional(v.array(v.strictObject({ chainId, vault: address, asset: token, ...meaning })), []),
  optionContracts: v.optional(
    v.array(v.strictObject({ chainId, contract: address, ratePercent: v.optional(decimal, '0') })),
    [],
  ),
  revalue: v.optional(
    v.array(
      v.strictObject({
        chainId,
        id: name,
        label: name,
        value: view,
        price: view,
        bump,
        holding: v.optional(view),
        bumpPercent: v.optional(percent, 1),
        validWithinPercent: v.optional(percent, 5),
      }),
    ),
    [],
  ),
});

export type PositionsConfig = v.InferOutput<typeof positionsSchema>;
