import type { PerpV2Market } from '@evenkeel/adapters/perp-v2';
import type { Address, Call, Chain, Token } from '@evenkeel/core';
import { type PerpV2Contracts, startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { Contract, Wallet } from 'ethers';
import { chainsOf } from '../support/bridge-world.js';

export const E6 = 10n ** 6n;
export const E18 = 10n ** 18n;

/** A chain with Perp v2 and a trader that has margin. */
export interface PerpBench {
  readonly world: World;
  readonly local: WorldChain;
  readonly chain: Chain;
  readonly contracts: PerpV2Contracts;
  readonly market: PerpV2Market;
  readonly trader: Address;
}

export async function openPerpBench(marginDollars: bigint): Promise<PerpBench> {
  const world = await startWorld({ chains: 1, parts: ['perp-v2'] });
  const [local] = world.chains as [WorldChain];
  const contracts = local.parts.perpV2!;
  const chain = chainsOf(world)[local.id]!;
  const bench = {
    world,
    local,
    chain,
    contracts,
    market: marketOf(local, chain),
    trader: world.accounts.trader.address,
  };
  await deposit(bench, local.tokens.USDC, marginDollars * E6);
  return bench;
}

function marketOf({ id, parts, tokens }: WorldChain, chain: Chain): PerpV2Market {
  const { aggregator, insuranceFund, marketRegistry, orderBook, pool, priceFeed, ...contracts } = parts.perpV2!;
  const virtual = (symbol: string, address: Address): Token => ({ chainId: id, address, symbol, decimals: 18 });
  return {
    ...contracts,
    chain,
    baseToken: virtual('vETH', contracts.baseToken),
    quoteToken: virtual('vUSD', contracts.quoteToken),
    settlementToken: tokens.USDC,
    collaterals: [{ token: tokens.WETH, deltaPerUnit: '1', valuePerUnit: '0' }],
  };
}

type Place = Pick<PerpBench, 'contracts' | 'local' | 'world'>;

export async function deposit({ contracts, local, world }: Place, token: Token, atoms: bigint): Promise<void> {
  const signer = new Wallet(world.accounts.trader.privateKey, local.provider);
  const erc20 = new Contract(token.address, ['function approve(address,uint256)'], signer);
  await (await erc20.getFunction('approve')(contracts.vault, atoms)).wait();
  const vault = new Contract(contracts.vault, ['function deposit(address,uint256)'], signer);
  await (await vault.getFunction('deposit')(token.address, atoms)).wait();
}

/** Sends the one call of a fill and gives back what the position changed by, in the clearing house's own words. */
export async function execute({ local, world }: Place, { data, to }: Call): Promise<PositionChange> {
  const signer = new Wallet(world.accounts.trader.privateKey, local.provider);
  const { hash } = await signer.sendTransaction({ to, data, gasLimit: 4_000_000n });
  const receipt = await local.provider.waitForTransaction(hash, 1, 10_000);
  const house = new Contract(to, [
    'event PositionChanged(address indexed trader, address indexed baseToken, int256 size, int256 notional, uint256 fee, int256 openNotional, int256 realizedPnl, uint256 sqrtPriceAfterX96)',
  ]);
  const changes = receipt!.logs.flatMap((log) => {
    const parsed = house.interface.parseLog(log);
    return parsed === null ? [] : [parsed.args];
  });
  const [change] = changes;
  if (receipt!.status !== 1 || change === undefined) throw new Error('the trade failed');
  return { size: change['size'] as bigint, notional: change['notional'] as bigint, fee: change['fee'] as bigint };
}

export interface PositionChange {
  readonly size: bigint;
  readonly notional: bigint;
  readonly fee: bigint;
}

/** Asks one of the contracts. */
export async function ask({ local }: Place, to: Address, signature: string, args: readonly unknown[]): Promise<bigint> {
  const contract = new Contract(to, [`function ${signature}`], local.provider);
  return (await contract.getFunction(signature.slice(0, signature.indexOf('('))).staticCall(...args)) as bigint;
}
