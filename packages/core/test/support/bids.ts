import { addressToBytes32, childNonce, createIntent, hashIntent, type RebalanceIntent } from '@evenkeel/intents';
import type { Address, Token } from '../../src/model/token.js';
import type { Bid, SolverRequest } from '../../src/ports/solver.js';

export const NOW = 100;
export const OWNER: Address = `0x${'1'.repeat(40)}`;
export const SETTLER: Address = `0x${'5'.repeat(40)}`;
export const weth: Token = { chainId: 1, address: `0x${'b'.repeat(40)}`, symbol: 'WETH', decimals: 18 };
export const usdc: Token = { chainId: 1, address: `0x${'a'.repeat(40)}`, symbol: 'USDC', decimals: 6 };
export const UNIT: bigint = 10n ** 18n;

/** Buys two units for at most 4,010 USDC. */
export function buyingIntent(nonceByte = 1): RebalanceIntent {
  return createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '2',
      postTradeDelta: { low: '-0.1', high: '0.1' },
      exposureHash: `0x${'ab'.repeat(32)}`,
      spending: [{ chainId: 1, token: usdc.address, maxSpend: 4_010_000_000n, recipient: OWNER }],
      maxCostBps: 30,
      referencePrice: { source: 'ETH/USD', price: '2000' },
      adapters: ['cow', 'uniswapx'],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline: 1_000,
      signer: OWNER,
    },
    { nowSeconds: NOW, random: { bytes: (length) => new Uint8Array(length).fill(nonceByte) } },
  );
}

const theIntent = buyingIntent();
const ids = new Map<RebalanceIntent, `0x${string}`>([[theIntent, hashIntent(theIntent)]]);

export function sampleRequest(fields: Partial<SolverRequest> = {}): SolverRequest {
  return {
    intent: theIntent,
    index: 0,
    side: 'buy',
    input: { token: usdc, atoms: 4_010_000_000n },
    tokenOut: weth,
    minOutput: 19n * 10n ** 17n,
    recipient: OWNER,
    deadline: 900,
    liveChildren: [],
    spent: [],
    ...fields,
  };
}

/** A bid that keeps all rules, for the sample request or the given one. */
export function sampleBid(fields: Partial<Bid> = {}, request: SolverRequest = sampleRequest()): Bid {
  const adapter = fields.adapter ?? 'cow';
  const guaranteed = fields.guaranteedOutput ?? { token: request.tokenOut, atoms: 2n * UNIT };
  const { intent, index, input } = request;
  const parentId = ids.get(intent) ?? hashIntent(intent);
  return {
    id: 'sample',
    adapter,
    child: {
      parentId,
      index,
      adapter,
      order: {
        user: intent.signer,
        nonce: childNonce(parentId, index),
        originChainId: input.token.chainId,
        expires: 800,
        fillDeadline: 800,
        inputOracle: SETTLER,
        inputs: [{ token: input.token.address, amount: input.atoms }],
        outputs: [
          {
            oracle: addressToBytes32(SETTLER),
            settler: addressToBytes32(SETTLER),
            chainId: guaranteed.token.chainId,
            token: addressToBytes32(guaranteed.token.address),
            amount: guaranteed.atoms,
            recipient: addressToBytes32(request.recipient),
            callbackData: '0x',
            context: '0x',
          },
        ],
      },
    },
    input,
    guaranteedOutput: guaranteed,
    expectedOutput: guaranteed.atoms,
    validUntil: 200,
    timeSeconds: { expected: 30, worst: 120 },
    exclusivity: undefined,
    partialFill: 'none',
    onFailure: 'revert',
    gas: { paidBy: 'solver', owner: [] },
    approvals: [],
    typedData: { domain: { name: 'Sample', chainId: 1, verifyingContract: SETTLER }, types: {}, message: {} },
    payload: {},
    ...fields,
  };
}
