import { Interface } from 'ethers';
import { createIntent, signIntent, type SignedIntent } from '@evenkeel/intents';
import type { Address, Call, CallStep, Hex, Programme, Token, VenueAdapter } from '@evenkeel/core';
import type { WorldChain } from '@evenkeel/devnet';
import type { Wallet } from 'ethers';

const erc20 = new Interface(['function approve(address spender, uint256 amount)']);
const router = new Interface([
  'function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)',
]);

/** What is needed of a local chain to swap on its Uniswap V2; plain data, so that it can go to another process. */
export interface Market {
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly router: Address;
  readonly usdc: Token;
  readonly weth: Token;
}

export function marketOf(chain: WorldChain): Market {
  return {
    chainId: chain.id,
    rpcUrl: chain.rpcUrl,
    router: chain.contracts.uniswapV2Router,
    usdc: { ...chain.tokens.USDC, chainId: chain.id },
    weth: { ...chain.tokens.WETH, chainId: chain.id },
  };
}

/** The router as an adapter: the guard takes its allow-list from here. */
export function venueOf(market: Market): VenueAdapter {
  return {
    kind: 'venue',
    id: 'uniswap-v2',
    name: 'Uniswap V2',
    capabilities: { chains: [market.chainId], curve: false, quote: true },
    targets: () => [market.router],
    build: () => [],
  };
}

/** approve, swap, revoke; `parts` times, one after another. */
export function swapProgramme(
  market: Market,
  intentId: Hex,
  owner: Address,
  usdcAtoms: bigint,
  parts: number,
): Programme {
  const { chainId, usdc, weth } = market;
  const steps: CallStep[] = [];
  const callTo = (to: Address, data: string, purpose: Call['purpose'], description: string): Call => ({
    chainId,
    to,
    data: data as Hex,
    valueWei: 0n,
    purpose,
    description,
  });
  for (let part = 0; part < parts; part++) {
    // Different amounts, so that every part is told apart on chain.
    const amount = usdcAtoms + BigInt(part);
    const before = steps.at(-1);
    const base = {
      kind: 'calls',
      chainId,
      account: owner,
      adapter: 'uniswap-v2',
      nativeFeeWei: 0n,
      attempt: 0,
    } as const;
    const approve = (atoms: bigint): string => erc20.encodeFunctionData('approve', [market.router, atoms]);
    const path = [usdc.address, weth.address];
    const swap = router.encodeFunctionData('swapExactTokensForTokens', [amount, 1n, path, owner, 2n ** 40n]);
    steps.push(
      {
        ...base,
        id: `approve-${part}`,
        after: before === undefined ? [] : [before.id],
        role: 'approve',
        calls: [callTo(usdc.address, approve(amount), 'approve', 'approve USDC')],
        spends: [],
        receives: [],
      },
      {
        ...base,
        id: `swap-${part}`,
        after: [`approve-${part}`],
        role: 'swap',
        calls: [callTo(market.router, swap, 'action', 'swap USDC for WETH')],
        spends: [{ token: usdc, atoms: amount }],
        receives: [{ token: weth, atoms: 1n }],
      },
      {
        ...base,
        id: `revoke-${part}`,
        after: [`swap-${part}`],
        role: 'revoke',
        calls: [callTo(usdc.address, approve(0n), 'revoke', 'revoke USDC')],
        spends: [],
        receives: [],
      },
    );
  }
  return { intentId, slice: 0, steps };
}

export async function intentFor(
  market: Market,
  wallet: Wallet,
  maxSpend: bigint,
  nowSeconds: number,
  recipient: Address = wallet.address as Address,
): Promise<SignedIntent> {
  const owner = wallet.address as Address;
  const intent = createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '1',
      postTradeDelta: { low: '-1', high: '1' },
      exposureHash: `0x${'11'.repeat(32)}`,
      spending: [{ chainId: market.chainId, token: market.usdc.address, maxSpend, recipient }],
      maxCostBps: 100,
      referencePrice: { source: 'test', price: '2500' },
      adapters: ['uniswap-v2'],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline: nowSeconds + 3_600,
      signer: owner,
    },
    { nowSeconds, random: { bytes: (length) => new Uint8Array(length).fill(nowSeconds % 251) } },
  );
  return signIntent(intent, wallet);
}
