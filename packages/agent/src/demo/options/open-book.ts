import { perpV2Deposit } from '@evenkeel/adapters/perp-v2';
import type { Account, InstrumentAdapter, TradeQuote } from '@evenkeel/core';
import type { World } from '@evenkeel/devnet';
import { Contract, parseUnits, Wallet } from 'ethers';
import type { Ledger } from './ledger.js';
import type { DerivativeChain, Markets } from './markets.js';
import { sendCalls } from './send.js';

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
 * Strikes of the board that expires in seven days: 2,700, 3,000 and 3,300 are the second to fourth. Written above zero
 * would be bought: sizes are signed.
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

export interface OpenedOption {
  readonly chain: DerivativeChain;
  readonly quote: TradeQuote;
  readonly gasWei: bigint;
}

interface Opening {
  readonly markets: Markets;
  readonly account: Account;
  readonly ledger: Ledger;
  readonly spot: number;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Puts margin into the vaults of all perpetuals. */
export async function depositMargins({ account, ledger, markets, signal }: Opening): Promise<bigint> {
  let gasWei = 0n;
  for (const [index, each] of markets.chains.entries()) {
    const { chain, perp, tokens } = each;
    const calls = perpV2Deposit(perp, parseUnits(String(MARGINS[index]), 6));
    const targets = [perp.vault];
    const receipts = await sendCalls({ chain, account, calls, targets, tokens: Object.values(tokens) }, signal);
    gasWei += ledger.book(chain.id, receipts).gasWei;
  }
  return gasWei;
}

/** Writes and buys the options of the demonstration, one after another. */
export async function openOptions(opening: Opening, said: (opened: OpenedOption) => void): Promise<void> {
  const { account, deadline, ledger, markets, signal, spot } = opening;
  const adapter: InstrumentAdapter = markets.adapters.lyra;
  for (const { chain: index, instrument, units } of OPTIONS) {
    const at = markets.chains[index]!;
    const owner = account.addressOn(at.chain.id);
    const request = { chainId: at.chain.id, instrument, units, owner, spot, slippageBps: 100, deadline };
    const quote = await adapter.quote(request, signal);
    const calls = adapter.build({ quote, owner, deadline });
    const targets = adapter.targets(at.chain.id);
    const receipts = await sendCalls(
      { chain: at.chain, account, calls, targets, tokens: Object.values(at.tokens) },
      signal,
    );
    said({ chain: at, quote, gasWei: ledger.book(at.chain.id, receipts).gasWei });
  }
}
