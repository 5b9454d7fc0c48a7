import { Wallet } from 'ethers';
import { createIntent, signIntent, type RebalanceIntent, type SignedIntent } from '@evenkeel/intents';
import type { Call } from '../../src/model/call.js';
import type { CallStep, Programme, Step } from '../../src/model/programme.js';
import type { Quote } from '../../src/model/quote.js';
import type { Address, Hex, Token } from '../../src/model/token.js';
import type { BridgeStatus, Transfer } from '../../src/model/transfer.js';
import type { Account } from '../../src/ports/account.js';
import type { BridgeAdapter } from '../../src/ports/bridge.js';
import type { VenueAdapter } from '../../src/ports/venue.js';
import { encodeApprove } from '../../src/guard/token-calls.js';
import {
  addressArgument,
  argument,
  encodeTransaction,
  type ModelChain,
  modelChain,
  moveToken,
  pullToken,
  Revert,
  tokenContract,
  word,
} from './model-chain.js';
import { type VirtualClock, virtualClock } from './virtual-clock.js';

// Two chains, two tokens on each, a venue on each and a bridge between them: USDC goes from chain A to chain B and
// buys WETH there, beside a purchase on A.

export const START_MS = 1_700_000_000_000;
export const VENUE: Address = '0x00000000000000000000000000000000000000e1';
export const BRIDGE: Address = '0x00000000000000000000000000000000000000b1';
export const RELAYER: Address = '0x00000000000000000000000000000000000000f1';
export const STRANGER: Address = '0x00000000000000000000000000000000000000ee';
/** USDC atoms per 10^12 WETH atoms: 2,000 USDC a WETH. */
const PRICE = 2_000n;
export const SWAP = '0x5aaa0001';
export const DEPOSIT = '0x5aaa0002';

export const usdcOn = (chainId: number): Token => ({
  chainId,
  address: '0x00000000000000000000000000000000000000a1',
  symbol: 'USDC',
  decimals: 6,
});
export const wethOn = (chainId: number): Token => ({
  chainId,
  address: '0x00000000000000000000000000000000000000a2',
  symbol: 'WETH',
  decimals: 18,
});

export type BridgeFate = 'fill' | 'fill-otherwise' | 'refund' | 'never' | 'lie';

export interface World {
  readonly clock: VirtualClock;
  readonly a: ModelChain;
  readonly b: ModelChain;
  readonly wallet: Wallet;
  readonly account: Account;
  readonly venue: VenueAdapter;
  readonly bridge: BridgeAdapter;
  readonly tokens: readonly Token[];
  /** What becomes of transfers. */
  fate: BridgeFate;
  /** How often the account has signed. */
  signatures(): number;
}

const KEY = `0x${'5'.repeat(63)}1`;

export function world(): World {
  const clock = virtualClock(START_MS);
  const [a, b] = [modelChain(1, clock, 12), modelChain(2, clock, 2)];
  const wallet = new Wallet(KEY);
  let signatures = 0;
  const tokens = [usdcOn(1), wethOn(1), usdcOn(2), wethOn(2)];
  for (const chain of [a, b]) {
    chain.contracts.set(usdcOn(chain.id).address, tokenContract);
    chain.contracts.set(wethOn(chain.id).address, tokenContract);
    // swap(tokenIn, tokenOut, amountIn, minOut, recipient)
    chain.contracts.set(VENUE, (frame) => {
      if (frame.data.slice(0, 10) !== SWAP) throw new Revert('unknown function');
      const [tokenIn, tokenOut] = [addressArgument(frame.data, 0), addressArgument(frame.data, 1)];
      const [amountIn, minOut] = [argument(frame.data, 2), argument(frame.data, 3)];
      pullToken(frame, tokenIn, frame.from, amountIn);
      const out =
        tokenIn === usdcOn(chain.id).address ? (amountIn * 10n ** 12n) / PRICE : (amountIn * PRICE) / 10n ** 12n;
      if (out < minOut) throw new Revert('too little received');
      moveToken(frame, tokenOut, frame.to, addressArgument(frame.data, 4), out);
      return word(out);
    });
    // deposit(token, amount)
    chain.contracts.set(BRIDGE, (frame) => {
      if (frame.data.slice(0, 10) !== DEPOSIT) throw new Revert('unknown function');
      pullToken(frame, addressArgument(frame.data, 0), frame.from, argument(frame.data, 1));
      return '0x';
    });
    for (const holder of [VENUE, RELAYER]) {
      chain.fund(holder, usdcOn(chain.id), 10n ** 15n);
      chain.fund(holder, wethOn(chain.id), 10n ** 24n);
    }
    chain.fund(wallet.address as Address, 'native', 10n ** 20n);
  }
  a.fund(wallet.address as Address, usdcOn(1), 10_000_000_000n);

  const account: Account = {
    id: 'main',
    kind: 'eoa',
    owner: wallet.address as Address,
    capabilities: { batched: false, atomicBatch: false, sponsored: false },
    nonceLayout: { kind: 'sequential' },
    addressOn: () => wallet.address as Address,
    signTypedData: async () => '0x',
    sign: async ({ chainId, calls, nonce, maxFeePerGasWei, maxPriorityFeePerGasWei, gasLimit }) => {
      const [call] = calls;
      signatures += 1;
      return encodeTransaction({
        chainId,
        from: wallet.address as Address,
        nonce: Number(nonce),
        to: call?.to ?? (wallet.address as Address),
        data: call?.data ?? '0x',
        valueWei: call?.valueWei ?? 0n,
        maxFee: maxFeePerGasWei,
        priority: maxPriorityFeePerGasWei,
        gasLimit,
        // Two signatures of one request are two transactions: whoever signs twice is found out.
        salt: signatures,
      });
    },
    submission: {
      usedNonces: async (chain, address) => BigInt(await chain.transactionCount(address, 'latest')),
      send: async (chain, { raw }) => void (await chain.sendRawTransaction(raw)),
      receipt: (chain, hash) => chain.receipt(hash),
    },
  };

  const self: World = {
    clock,
    a,
    b,
    wallet,
    account,
    tokens,
    fate: 'fill',
    signatures: () => signatures,
    venue: {
      kind: 'venue',
      id: 'model-venue',
      name: 'Model venue',
      capabilities: { chains: [1, 2], curve: false, quote: true },
      targets: () => [VENUE],
      build: () => [],
    },
    bridge: modelBridge(() => self),
  };
  return self;
}

/** A relayer that fills 30 s after the deposit; knows a transfer only by its origin transaction, as real ones do. */
function modelBridge(worldOf: () => World): BridgeAdapter {
  const ended = new Map<Hex, BridgeStatus>();
  return {
    kind: 'bridge',
    id: 'model-bridge',
    name: 'Model bridge',
    capabilities: { lanes: [], destinationCalls: false, recoverable: false },
    targets: () => [BRIDGE],
    limits: async () => ({ min: 1n, max: 10n ** 12n, reason: 'the model has plenty' }),
    quote: async () => {
      throw new Revert('not asked');
    },
    build: () => [],
    track: async (transfer) => {
      const { a, b, clock, fate, wallet } = worldOf();
      const known = ended.get(transfer.originTxHash);
      if (known !== undefined) return known;
      const origin = a.landed().find((each) => each.hash === transfer.originTxHash);
      if (origin === undefined) return { state: 'pending', reason: 'the deposit is not mined' };
      if (clock.now() < transfer.sentAtSeconds * 1000 + 30_000 || fate === 'never') {
        return { state: 'pending', reason: 'waiting for a relayer' };
      }
      const status = endOf(fate, a, b, transfer, wallet.address as Address);
      ended.set(transfer.originTxHash, status);
      return status;
    },
  };
}

function endOf(fate: BridgeFate, a: ModelChain, b: ModelChain, transfer: Transfer, to: Address): BridgeStatus {
  const { quote } = transfer;
  const pay = (chain: ModelChain, token: Token, atoms: bigint): Hex =>
    chain.act(RELAYER, token.address, `0xa9059cbb${word(to).slice(2)}${word(atoms).slice(2)}`);
  switch (fate) {
    case 'refund': {
      const txHash = pay(a, quote.input.token, quote.input.atoms);
      return { state: 'refunded', received: quote.input, txHash };
    }
    case 'fill-otherwise': {
      const received = [{ token: wethOn(2), atoms: 10n ** 17n }];
      return { state: 'filled-otherwise', received, txHash: pay(b, wethOn(2), 10n ** 17n), reason: 'swap failed' };
    }
    case 'lie':
      return { state: 'filled', received: quote.output, txHash: pay(b, usdcOn(2), 1n) };
    case 'fill':
    case 'never':
      return { state: 'filled', received: quote.output, txHash: pay(b, usdcOn(2), quote.output.atoms) };
  }
}

export function call(chainId: number, to: Address, data: Hex, purpose: Call['purpose'], description: string): Call {
  return { chainId, to, data, valueWei: 0n, purpose, description };
}

export function swapData(chainId: number, amountIn: bigint, minOut: bigint, recipient: Address): Hex {
  const words = [usdcOn(chainId).address, wethOn(chainId).address, amountIn, minOut, recipient];
  return `${SWAP}${words.map((each) => word(each).slice(2)).join('')}`;
}

export const wethFor = (usdcAtoms: bigint): bigint => (usdcAtoms * 10n ** 12n) / PRICE;

/** approve, swap, revoke on one chain. */
export function swapSteps(
  prefix: string,
  chainId: number,
  recipient: Address,
  amountIn: bigint,
  after: readonly string[] = [],
): CallStep[] {
  const base = {
    kind: 'calls',
    chainId,
    account: 'main',
    adapter: 'model-venue',
    nativeFeeWei: 0n,
    attempt: 0,
  } as const;
  const usdc = usdcOn(chainId);
  return [
    {
      ...base,
      id: `${prefix}-approve`,
      after,
      role: 'approve',
      calls: [call(chainId, usdc.address, encodeApprove(VENUE, amountIn), 'approve', 'approve USDC')],
      spends: [],
      receives: [],
    },
    {
      ...base,
      id: `${prefix}-swap`,
      after: [`${prefix}-approve`],
      role: 'swap',
      calls: [call(chainId, VENUE, swapData(chainId, amountIn, wethFor(amountIn), recipient), 'action', 'swap USDC')],
      spends: [{ token: usdc, atoms: amountIn }],
      receives: [{ token: wethOn(chainId), atoms: wethFor(amountIn) }],
    },
    {
      ...base,
      id: `${prefix}-revoke`,
      after: [`${prefix}-swap`],
      role: 'revoke',
      calls: [call(chainId, usdc.address, encodeApprove(VENUE, 0n), 'revoke', 'revoke USDC')],
      spends: [],
      receives: [],
    },
  ];
}

export function bridgeQuote(amountIn: bigint, amountOut: bigint): Quote {
  return {
    id: 'quote-1',
    adapter: 'model-bridge',
    kind: 'bridge',
    input: { token: usdcOn(1), atoms: amountIn },
    output: { token: usdcOn(2), atoms: amountOut },
    minReceived: amountOut,
    fees: [],
    gas: [],
    timeSeconds: { expected: 30, worst: 60 },
    validUntil: START_MS / 1000 + 3600,
    asOf: { source: 'model', timeSeconds: START_MS / 1000 },
    onFailure: 'refund-automatic',
    payload: null,
  };
}

/** Bridges 1,000 USDC to chain B and buys WETH with 999 of it there, and buys with 500 on chain A. */
export function crossChainSteps(owner: Address): readonly Step[] {
  const amountIn = 1_000_000_000n;
  const data: Hex = `${DEPOSIT}${word(usdcOn(1).address).slice(2)}${word(amountIn).slice(2)}`;
  const base = {
    kind: 'calls',
    chainId: 1,
    account: 'main',
    adapter: 'model-bridge',
    nativeFeeWei: 0n,
    attempt: 0,
  } as const;
  return [
    {
      ...base,
      id: 'bridge-approve',
      after: [],
      role: 'approve',
      calls: [call(1, usdcOn(1).address, encodeApprove(BRIDGE, amountIn), 'approve', 'approve USDC to the bridge')],
      spends: [],
      receives: [],
    },
    {
      ...base,
      id: 'bridge',
      after: ['bridge-approve'],
      role: 'bridge',
      calls: [call(1, BRIDGE, data, 'action', 'bridge 1,000 USDC')],
      spends: [{ token: usdcOn(1), atoms: amountIn }],
      receives: [],
    },
    ...swapSteps('near', 1, owner, 500_000_000n),
    {
      kind: 'await-transfer',
      id: 'arrival',
      after: ['bridge'],
      bridge: 'model-bridge',
      source: 'bridge',
      quote: bridgeQuote(amountIn, 999_000_000n),
      recipient: owner,
    },
    ...swapSteps('far', 2, owner, 999_000_000n, ['arrival']),
  ];
}

export async function signedIntent(on: World, change: Partial<RebalanceIntent> = {}): Promise<SignedIntent> {
  const recipient = on.wallet.address as Address;
  const intent = createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '0.75',
      postTradeDelta: { low: '-0.1', high: '0.1' },
      exposureHash: word(7n),
      spending: [
        { chainId: 1, token: usdcOn(1).address, maxSpend: 1_500_000_000n, recipient },
        { chainId: 2, token: usdcOn(2).address, maxSpend: 999_000_000n, recipient },
      ],
      maxCostBps: 50,
      referencePrice: { source: 'model', price: '2000' },
      adapters: ['model-venue', 'model-bridge'],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline: START_MS / 1000 + 7200,
      signer: recipient,
      ...change,
    },
    { nowSeconds: START_MS / 1000, random: { bytes: (length) => new Uint8Array(length).fill(9) } },
  );
  return signIntent(intent, on.wallet);
}

export function programmeOf(signed: SignedIntent, steps: readonly Step[], slice = 0): Programme {
  return { intentId: signed.id, slice, steps };
}
