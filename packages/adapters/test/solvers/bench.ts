import { Wallet } from 'ethers';
import type {
  Address,
  Bid,
  Call,
  Chain,
  Hex,
  SolverAdapter,
  SolverRequest,
  TokenAmount,
  TypedData,
} from '@evenkeel/core';
import { createIntent, type RebalanceIntent } from '@evenkeel/intents';
import { type Actors, startWorld, type TestAccount, type World, type WorldChain } from '@evenkeel/devnet';
import { balanceOf, chainsOf, never, sendCalls } from '../support/bridge-world.js';

export const E18: bigint = 10n ** 18n;
export const E6: bigint = 10n ** 6n;
/** As many blocks as the world holds back from what it calls final. */
const FINALITY_BLOCKS = 2;

/** One chain on which a trader wants to buy ETH for USDC, or sell it, through outside networks. */
export interface SolverBench {
  readonly world: World;
  readonly home: WorldChain;
  readonly chain: Chain;
  readonly actors: Actors;
  readonly trader: TestAccount;
}

export async function openSolverBench(): Promise<SolverBench> {
  const world = await startWorld({ chains: 1 });
  const [home] = world.chains as [WorldChain];
  const actors = await world.startActors({ only: [] });
  return { world, home, chain: chainsOf(world)[home.id]!, actors, trader: world.accounts.trader };
}

export interface IntentChanges {
  readonly signer?: Address;
  readonly partialFill?: 'allowed' | 'all-or-nothing';
  readonly seed?: number;
  readonly adapters?: readonly string[];
}

/** May spend 30,000 USDC and 10 WETH within two hours. */
export async function intentOn(
  { home, trader, world }: SolverBench,
  changes: IntentChanges = {},
): Promise<RebalanceIntent> {
  const { adapters = ['uniswapx', 'cow'], partialFill = 'allowed', seed = 1, signer = trader.address } = changes;
  const now = await world.clockSeconds();
  const { USDC, WETH } = home.tokens;
  return createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '-1',
      postTradeDelta: { low: '-1', high: '1' },
      exposureHash: `0x${'ab'.repeat(32)}`,
      spending: [
        { chainId: home.id, token: USDC.address, maxSpend: 30_000n * E6, recipient: signer },
        { chainId: home.id, token: WETH.address, maxSpend: 10n * E18, recipient: signer },
      ],
      maxCostBps: 50,
      referencePrice: { source: 'ETH/USD', price: '3000' },
      adapters,
      schedule: { kind: 'single' },
      partialFill,
      deadline: now + 7_200,
      signer,
    },
    { nowSeconds: now, random: { bytes: (length) => new Uint8Array(length).fill(seed) } },
  );
}

/** Sells one WETH for at least 2,950 USDC. */
export async function sellRequest(
  bench: SolverBench,
  intent: RebalanceIntent,
  changes: Partial<SolverRequest> = {},
): Promise<SolverRequest> {
  const { USDC, WETH } = bench.home.tokens;
  return {
    intent,
    index: 0,
    side: 'sell',
    input: { token: WETH, atoms: E18 },
    tokenOut: USDC,
    minOutput: 2_950n * E6,
    recipient: intent.signer,
    deadline: (await bench.world.clockSeconds()) + 1_200,
    liveChildren: [],
    spent: [],
    ...changes,
  };
}

export function sign(account: TestAccount, { domain, message, types }: TypedData): Promise<Hex> {
  const { EIP712Domain: _, ...structs } = types as Record<string, { name: string; type: string }[]>;
  return new Wallet(account.privateKey).signTypedData(domain, structs, message) as Promise<Hex>;
}

/** Approves, signs, and gives the order to its network. */
export async function place(bench: SolverBench, solver: SolverAdapter, bid: Bid, signature?: Hex) {
  await send(bench, bid.approvals);
  const signed = signature ?? (await sign(bench.trader, bid.typedData));
  const order = solver.orderOf(bid, signed);
  await solver.submit(order, signed, never);
  return order;
}

export async function bidFor(solver: SolverAdapter, request: SolverRequest): Promise<Bid> {
  const bid = await solver.bid(request, never);
  if (bid === undefined) throw new Error(`${solver.id} did not bid`);
  return bid;
}

export async function send({ trader, world }: SolverBench, calls: readonly Call[]): Promise<void> {
  await sendCalls(world, trader, calls);
}

/** Mines until all that has happened is final. */
export async function finalise({ home }: SolverBench): Promise<void> {
  await home.rpc('anvil_mine', [`0x${FINALITY_BLOCKS.toString(16)}`]);
}

export interface Holdings {
  readonly weth: bigint;
  readonly usdc: bigint;
}

export async function holdings({ home }: SolverBench, owner: Address): Promise<Holdings> {
  const { USDC, WETH } = home.tokens;
  return { weth: await balanceOf(home, WETH, owner), usdc: await balanceOf(home, USDC, owner) };
}

/** What an order moved must be what the account lost and gained, to the atom. */
export function change(before: Holdings, after: Holdings): Holdings {
  return { weth: after.weth - before.weth, usdc: after.usdc - before.usdc };
}

export function amountOf(fills: object, of: 'drawn' | 'received'): bigint {
  return (fills as Record<typeof of, TokenAmount>)[of].atoms;
}
