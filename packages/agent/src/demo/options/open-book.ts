import { perpV2Deposit } from '@evenkeel/adapters/perp-v2';
import type { World } from '@evenkeel/devnet';
import { Contract, parseUnits, Wallet } from 'ethers';
import type { Markets } from './markets.js';
import { type Run, send } from './run.js';

/** What the owner has on each chain, in the order of the chains. */
const WALLETS = [
  { USDC: 260_000, sUSD: 250_000 },
  { USDC: 200_000, sUSD: 150_000 },
  { USDC: 160_000, sUSD: 0 },
] as const;
/** Dollars put into the vault of each chain's perpetual. */
const MARGINS = [40_000, 30_000, 20_000] as const;
const NATIVE_ETHER = 2n * 10n ** 18n;

/**
 * Of the board that expires in seven days: strikes of 2,700, 3,000 and 3,300 are the second to fourth. Sizes below zero are
 * written.
 */
const OPTIONS = [
  { chain: 0, instrument: '3-call', units: '-30' },
  { chain: 0, instrument: '2-put', units: '-12' },
  { chain: 0, instrument: '4-call', units: '10' },
  { chain: 1, instrument: '3-put', units: '-14' },
  { chain: 1, instrument: '4-call', units: '-12' },
] as const;

/** Gives the owner of the demonstration money on all chains; where it comes from is set-up, not part of the books. */
export async function fundOwner(world: World, { chains }: Markets): Promise<void> {
  const owner = world.accounts.owner.address;
  for (const [index, { local, tokens }] of chains.entries()) {
    const { USDC, sUSD } = WALLETS[index]!;
    await world.fundNative(local.id, owner, NATIVE_ETHER);
    await world.fund(tokens.USDC, owner, parseUnits(String(USDC), 6));
    if (sUSD === 0) continue;
    const trader = new Wallet(world.accounts.trader.privateKey, local.provider);
    const synth = new Contract(tokens.sUSD.address, ['function transfer(address,uint256) returns (bool)'], trader);
    const sent = (await synth.getFunction('transfer')(owner, parseUnits(String(sUSD), 18))) as {
      wait(): Promise<unknown>;
    };
    await sent.wait();
  }
}

/** Puts margin into the vaults of all perpetuals. */
export async function depositMargins(run: Run, spot: number): Promise<void> {
  for (const [index, at] of run.markets.chains.entries()) {
    const calls = perpV2Deposit(at.perp, parseUnits(String(MARGINS[index]), 6));
    await send(run, at, calls, [at.perp.vault], { spot, gasOf: 'hedge' });
  }
}

/** Writes and buys the options of the demonstration, one after another. */
export async function openOptions(run: Run, spot: number, deadline: number): Promise<void> {
  const { listener, markets, opened, owner, signal } = run;
  const adapter = markets.adapters.lyra;
  for (const { chain: index, instrument, units } of OPTIONS) {
    const at = markets.chains[index]!;
    const chainId = at.chain.id;
    const quote = await adapter.quote({ chainId, instrument, units, owner, spot, slippageBps: 100, deadline }, signal);
    const calls = adapter.build({ quote, owner, deadline });
    await send(run, at, calls, adapter.targets(chainId), { spot, gasOf: 'book' });
    const record = { chainId, instrument, units, spreadCost: quote.cost };
    opened.push(record);
    listener.opened(record);
  }
}
