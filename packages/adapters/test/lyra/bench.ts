import type { LyraMarket } from '@evenkeel/adapters/lyra';
import type { Address, Chain, Hex, Token } from '@evenkeel/core';
import { type LyraContracts, startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { Interface } from 'ethers';
import { chainsOf } from '../support/bridge-world.js';

export const E18 = 10n ** 18n;
const MAX = 2n ** 256n - 1n;

/** In the order in which Lyra numbers them. */
export const KINDS = ['long-call', 'long-put', 'short-call-base', 'short-call-quote', 'short-put-quote'] as const;

const marketAbi = new Interface([
  'function openPosition((uint256,uint256,uint256,uint8,uint256,uint256,uint256,uint256)) returns ((uint256,uint256,uint256))',
  'function settleExpiredBoard(uint256)',
]);
const collateralAbi = new Interface(['function settleOptions(uint256[])']);
const erc20Abi = new Interface(['function approve(address,uint256) returns (bool)']);

/** A chain with Lyra, and a trader who has approved its market. */
export interface LyraBench {
  readonly world: World;
  readonly local: WorldChain;
  readonly chain: Chain;
  readonly contracts: LyraContracts;
  readonly market: LyraMarket;
  readonly trader: Address;
}

export async function openLyraBench(): Promise<LyraBench> {
  const world = await startWorld({ chains: 1, parts: ['lyra'] });
  const [local] = world.chains as [WorldChain];
  const contracts = local.parts.lyra!;
  const chain = chainsOf(world)[local.id]!;
  const synth = (symbol: string, address: Address): Token => ({ chainId: local.id, address, symbol, decimals: 18 });
  const market = {
    ...contracts,
    chain,
    quoteAsset: synth('sUSD', contracts.sUSD),
    baseAsset: synth('sETH', contracts.sETH),
  };
  const bench = { world, local, chain, contracts, market, trader: world.accounts.trader.address };
  await local.rpc('anvil_impersonateAccount', [bench.trader]);
  const approval = erc20Abi.encodeFunctionData('approve', [contracts.optionMarket, MAX]);
  await sendAll(
    bench,
    [contracts.sUSD, contracts.sETH].map((to) => ({ to, data: approval })),
  );
  return bench;
}

export interface Opening {
  readonly strikeId: number;
  /** Index into {@link KINDS}. */
  readonly kind: number;
  readonly amount: bigint;
}

/** Opens positions, all in one block; those that the market refuses (its deltas are limited) are left out. */
export async function openPositions(bench: LyraBench, openings: readonly Opening[]): Promise<number> {
  const calls = openings.map(({ amount, kind, strikeId }) => {
    const collateral = [0n, 0n, amount, 4_000n * E18 * 2n, 4_000n * amount][kind]!;
    const order = [strikeId, 0n, 1n, kind, amount, collateral, 0n, MAX / 2n];
    return { to: bench.contracts.optionMarket, data: marketAbi.encodeFunctionData('openPosition', [order]) };
  });
  return sendAll(bench, calls);
}

export async function settleBoard(bench: LyraBench, boardId: number): Promise<void> {
  const data = marketAbi.encodeFunctionData('settleExpiredBoard', [boardId]);
  await sendAll(bench, [{ to: bench.contracts.optionMarket, data }]);
}

export async function settleOptions(bench: LyraBench, positionIds: readonly number[]): Promise<void> {
  const data = collateralAbi.encodeFunctionData('settleOptions', [positionIds]);
  await sendAll(bench, [{ to: bench.contracts.shortCollateral, data }]);
}

/** One block for all; answers how many succeeded. */
async function sendAll(
  { local, trader }: LyraBench,
  calls: readonly { readonly to: Address; readonly data: string }[],
): Promise<number> {
  await local.rpc('evm_setAutomine', [false]);
  await local.rpc('evm_setBlockGasLimit', ['0xffffffffff']);
  const first = Number(await local.rpc('eth_getTransactionCount', [trader, 'latest']));
  const hashes = await Promise.all(
    calls.map((call, index) =>
      local.rpc('eth_sendTransaction', [
        { from: trader, nonce: `0x${(first + index).toString(16)}`, gas: '0x4c4b40', ...call },
      ]),
    ),
  );
  await local.rpc('evm_mine', []);
  await local.rpc('evm_setAutomine', [true]);
  const receipts = await Promise.all(
    hashes.map((hash) => local.rpc('eth_getTransactionReceipt', [hash]) as Promise<{ readonly status: Hex }>),
  );
  return receipts.filter(({ status }) => status === '0x1').length;
}
