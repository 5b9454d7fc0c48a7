import * as v from 'valibot';

const UINT256_END = 1n << 256n;
const Atoms = v.pipe(v.bigint(), v.minValue(0n, 'is negative'), v.maxValue(UINT256_END - 1n, 'does not fit 256 bits'));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Seconds = v.pipe(v.number(), v.finite(), v.minValue(0));
const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(512));
const Address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/));
const Hex = v.pipe(v.string(), v.regex(/^0x(?:[0-9a-fA-F]{2})*$/));

const Token = v.object({
  chainId: Count,
  address: Address,
  symbol: v.string(),
  decimals: v.pipe(Count, v.maxValue(36)),
});
const TokenAmount = v.object({ token: Token, atoms: Atoms });
const GasUse = v.object({ chainId: Count, units: Atoms });

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

const Call = v.object({
  chainId: Count,
  to: Address,
  data: Hex,
  valueWei: Atoms,
  purpose: v.picklist(['approve', 'action', 'revoke']),
  description: v.string(),
  minGasLimit: v.optional(Atoms),
});

/** The child's order is checked by the schema of the intents; here only that there is one. */
const Child = v.object({ parentId: Hex, index: Count, adapter: Text, order: v.record(v.string(), v.unknown()) });

const TypedData = v.object({
  domain: v.record(v.string(), v.unknown()),
  types: v.record(v.string(), v.array(v.object({ name: v.string(), type: v.string() }))),
  message: v.record(v.string(), v.unknown()),
});

/** What a bid must look like before its numbers are looked at. */
export const BidShape: v.GenericSchema = v.object({
  id: Text,
  adapter: Text,
  child: Child,
  input: TokenAmount,
  guaranteedOutput: TokenAmount,
  expectedOutput: Atoms,
  validUntil: Seconds,
  timeSeconds: v.object({ expected: Seconds, worst: Seconds }),
  exclusivity: v.optional(
    v.object({ solver: Hex, until: Seconds, overrideBps: v.optional(v.pipe(v.number(), v.finite())) }),
  ),
  partialFill: v.picklist(['none', 'pro-rata']),
  onFailure: v.picklist(['revert', 'refund-automatic', 'refund-by-claim', 'needs-signature']),
  gas: v.object({ paidBy: v.picklist(['solver', 'owner']), owner: v.array(GasUse) }),
  approvals: v.array(Call),
  typedData: TypedData,
  payload: Json,
});
