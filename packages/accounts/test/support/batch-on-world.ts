import { Contract, Interface, type Wallet } from 'ethers';
import {
  type Account,
  type Address,
  type Call,
  type CallStep,
  type Chain,
  type Hex,
  NATIVE_ADDRESS,
  type Programme,
} from '@evenkeel/core';
import { type ExecuteRequest, memoryJournal } from '@evenkeel/core/execution';
import type { World, WorldChain } from '@evenkeel/devnet';
import { intentFor, type Market, venueOf } from './swap-on-world.js';

const erc20 = new Interface([
  'function approve(address spender, uint256 amount)',
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
]);
const router = new Interface([
  'function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)',
]);

export const clock = {
  now: () => Date.now(),
  sleep: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
};

/** approve and swap for `owner`. */
export function swapCalls({ chainId, router: to, usdc, weth }: Market, owner: Address, usdcAtoms: bigint): Call[] {
  const call = (target: Address, data: string, purpose: Call['purpose'], description: string): Call => ({
    chainId,
    to: target,
    data: data as Hex,
    valueWei: 0n,
    purpose,
    description,
  });
  const swap = [usdcAtoms, 1n, [usdc.address, weth.address], owner, 2n ** 40n];
  return [
    call(usdc.address, erc20.encodeFunctionData('approve', [to, usdcAtoms]), 'approve', 'approve USDC'),
    call(to, router.encodeFunctionData('swapExactTokensForTokens', swap), 'action', 'swap USDC for WETH'),
  ];
}

/** Parts of a swap, each with its approval in one step. */
function batchProgramme(market: Market, intentId: Hex, account: Account, usdcAtoms: bigint, parts: number): Programme {
  const steps = Array.from({ length: parts }, (_, part): CallStep => {
    const amount = usdcAtoms + BigInt(part);
    return {
      kind: 'calls',
      id: `swap-${part}`,
      after: part === 0 ? [] : [`swap-${part - 1}`],
      chainId: market.chainId,
      account: account.id,
      adapter: 'uniswap-v2',
      role: 'swap',
      calls: swapCalls(market, account.addressOn(market.chainId), amount),
      spends: [{ token: market.usdc, atoms: amount }],
      receives: [{ token: market.weth, atoms: 1n }],
      nativeFeeWei: 0n,
      attempt: 0,
    };
  });
  return { intentId, slice: 0, steps };
}

export interface BatchRequest {
  readonly world: World;
  readonly market: Market;
  readonly chain: Chain;
  readonly account: Account;
  /** Signs the intent: the account's owner. */
  readonly wallet: Wallet;
  readonly usdcAtoms: bigint;
  readonly parts?: number;
}

let intents = 0;

/** All that `executeProgramme` needs to swap for the account. */
export async function batchRequest(
  { account, chain, market, parts = 1, usdcAtoms, wallet, world }: BatchRequest,
  extra: Partial<ExecuteRequest> = {},
): Promise<ExecuteRequest> {
  // A second apart, so that each intent has an id of its own.
  const now = Math.max(await world.clockSeconds(), Math.floor(Date.now() / 1000)) + intents++;
  const signedIntent = await intentFor(market, wallet, usdcAtoms * 20n, now, account.addressOn(market.chainId));
  return {
    signedIntent,
    programme: batchProgramme(market, signedIntent.id, account, usdcAtoms, parts),
    accounts: [account],
    chains: [chain],
    adapters: [venueOf(market)],
    tokens: [market.usdc, market.weth],
    journal: memoryJournal(),
    clock,
    options: { pollMs: 20, rebroadcastMs: 100 },
    ...extra,
  };
}

/** What an account holds; of the native coin also what it has at the entry point. */
export async function holdings(
  { provider }: WorldChain,
  market: Market,
  owner: Address,
  entryPoint?: Address,
): Promise<Readonly<Record<string, bigint>>> {
  const balanceOf = async (token: string): Promise<bigint> =>
    (await new Contract(token, erc20, provider).balanceOf!(owner)) as bigint;
  const deposit = entryPoint === undefined ? 0n : await balanceOf(entryPoint);
  return {
    [NATIVE_ADDRESS]: (await provider.getBalance(owner)) + deposit,
    [market.usdc.address.toLowerCase()]: await balanceOf(market.usdc.address),
    [market.weth.address.toLowerCase()]: await balanceOf(market.weth.address),
  };
}

export async function allowanceLeft({ provider }: WorldChain, market: Market, owner: Address): Promise<bigint> {
  return (await new Contract(market.usdc.address, erc20, provider).allowance!(owner, market.router)) as bigint;
}

/** Opening balances and all flows make the closing balances, atom for atom. */
export function reconcile(
  before: Readonly<Record<string, bigint>>,
  flows: readonly { readonly token: string; readonly atoms: bigint }[],
  after: Readonly<Record<string, bigint>>,
): void {
  for (const [token, opening] of Object.entries(before)) {
    const moved = flows
      .filter((flow) => flow.token.toLowerCase() === token)
      .reduce((sum, flow) => sum + flow.atoms, 0n);
    expect([token, opening + moved]).toEqual([token, after[token]]);
  }
}
