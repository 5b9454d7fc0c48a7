import { hashIntent, parseIntent, verifyIntent } from '@evenkeel/intents';
import * as v from 'valibot';
import { documentIn, type Ended } from './cli-process.js';

const decimal = v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?$/));
const atoms = v.pipe(v.string(), v.regex(/^-?\d+$/));
const natural = v.pipe(v.string(), v.regex(/^\d+$/));
const hash = v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/));
const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/));
const costBps = v.nullable(v.number());

/** What a program may rely on in the output of `--json`. */
const documentSchema = v.object({
  outcome: v.picklist(['hedged', 'held', 'dry-run', 'partly-hedged', 'failed']),
  reason: v.pipe(v.string(), v.minLength(1)),
  simulated: v.boolean(),
  delta: v.object({ before: decimal, target: decimal, after: decimal, bandLow: decimal, bandHigh: decimal }),
  intent: v.nullable(
    v.object({
      id: hash,
      signer: address,
      signature: v.pipe(v.string(), v.regex(/^0x[0-9a-f]{130}$/)),
      message: v.unknown(),
    }),
  ),
  quotes: v.array(
    v.object({
      adapter: v.string(),
      chainId: v.nullable(v.number()),
      kind: v.picklist(['venue', 'bridge']),
      accepted: v.boolean(),
      reason: v.pipe(v.string(), v.minLength(1)),
      costBps,
    }),
  ),
  slices: v.array(v.object({ at: v.pipe(v.string(), v.isoTimestamp()), deltaUnits: decimal })),
  route: v.object({
    hops: v.array(
      v.object({
        adapter: v.string(),
        chainId: v.number(),
        kind: v.picklist(['swap', 'bridge']),
        amountIn: natural,
        amountOut: natural,
        txHash: v.nullable(hash),
      }),
    ),
    costBps,
    bestSingleChainCostBps: costBps,
  }),
  costs: v.object({ byKind: v.record(v.string(), decimal), total: decimal }),
  unexplainedAtoms: atoms,
  durationMs: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

export type Document = v.InferOutput<typeof documentSchema>;

/** All of standard output, as one document of the published shape. */
export function rebalancingIn(ended: Ended): Document {
  return v.parse(documentSchema, documentIn(ended));
}

/** Verifies the intent's signature from nothing but the document. */
export async function verifySigned({ intent }: Document): Promise<void> {
  if (intent === null) throw new Error('There is no intent.');
  const message = parseIntent(intent.message);
  const { scheme } = await verifyIntent(
    { intent: message, id: intent.id as `0x${string}`, signature: intent.signature as `0x${string}` },
    { nowSeconds: message.deadline },
  );
  expect({ scheme, id: hashIntent(message), signer: message.signer }).toEqual({
    scheme: 'ecdsa',
    id: intent.id,
    signer: intent.signer,
  });
}
