import { aaveShort, aaveV3Account } from '@evenkeel/adapters/aave-v3';
import type { InstrumentSubject } from '@evenkeel/adapters/conformance';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import { lyraOptions, lyraPositions, type LyraTrading } from '@evenkeel/adapters/lyra';
import { perpV2Instrument, perpV2Positions, type PerpV2Market } from '@evenkeel/adapters/perp-v2';
import { spotInstrument } from '@evenkeel/adapters/spot';
import type { Address, Call, Chain, InstrumentAdapter, PositionSource, Token } from '@evenkeel/core';
import { type Actors, startWorld, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import { Interface } from 'ethers';
import { chainsOf, clock } from '../support/bridge-world.js';
import { venuesOf } from '../uniswap/bench.js';

export const E6 = 10n ** 6n;

const ERC20 = new Interface(['function approve(address,uint256)', 'function transfer(address,uint256)']);
const VAULT = new Interface(['function deposit(address,uint256)', 'function withdrawAll(address)']);
const HOUSE = new Interface([
  'function openPosition((address,bool,bool,uint256,uint256,uint256,uint160,bytes32)) returns (uint256,uint256)',
]);
const NO_REFERRAL = `0x${'00'.repeat(32)}`;

/** One chain with perpetuals, options and loans, and a trader with margin and money. */
export interface InstrumentBench {
  readonly world: World;
  readonly actors: Actors;
  readonly local: WorldChain;
  readonly chain: Chain;
  readonly trader: Address;
  readonly perp: PerpV2Market;
  readonly lyra: LyraTrading;
  readonly adapters: Readonly<Record<'lyra' | 'lyraCovered' | 'loan' | 'perp' | 'spot', InstrumentAdapter>>;
  /** All that the trader has. */
  readonly sources: readonly PositionSource[];
  /** Sends from any account; throws when one call fails. */
  send(from: Address, calls: readonly Pick<Call, 'data' | 'to'>[]): Promise<void>;
  reset(): Promise<void>;
  pass(seconds: number): Promise<void>;
  nowSeconds(): Promise<number>;
}

export async function openInstrumentBench(): Promise<InstrumentBench> {
  const world = await startWorld({ chains: 1, parts: ['perp-v2', 'lyra', 'aave-v3'] });
  const actors = await world.startActors({ only: [] });
  const [local] = world.chains as [WorldChain];
  const chain = chainsOf(world)[local.id]!;
  const trader = world.accounts.trader.address;
  const send = senderOf(local);
  const { perp, lyra, sources, adapters } = marketsOf(local, chain);
  await deposit(send, local, trader, 50_000n * E6);
  await perpTo(local, send, world.accounts.arbitrageur.address, 3_020);
  await world.advance(3_600);
  await actors.feedKeeper.tick();
  let opening: WorldSnapshot = await world.snapshot();
  return {
    world,
    actors,
    local,
    chain,
    trader,
    perp,
    lyra,
    adapters,
    sources,
    send,
    reset: async () => {
      await world.revert(opening);
      opening = await world.snapshot();
    },
    pass: (seconds) => world.advance(seconds),
    nowSeconds: () => world.clockSeconds(),
  };
}

type Send = InstrumentBench['send'];

function senderOf(local: WorldChain): Send {
  const known = new Set<Address>();
  return async (from, calls) => {
    if (!known.has(from)) await local.rpc('anvil_impersonateAccount', [from]);
    known.add(from);
    for (const { data, to } of calls) {
      const hash = await local.rpc('eth_sendTransaction', [{ from, to, data, gas: '0x989680' }]);
      const receipt = await receiptOf(local, hash);
      if (receipt.status !== '0x1') throw new Error(`a call to ${to} failed`);
    }
  };
}

/** Asks more often than a provider does. */
async function receiptOf(local: WorldChain, hash: unknown): Promise<{ readonly status: string }> {
  for (;;) {
    const receipt = (await local.rpc('eth_getTransactionReceipt', [hash])) as { readonly status: string } | null;
    if (receipt !== null) return receipt;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function deposit(send: Send, { parts, tokens }: WorldChain, owner: Address, atoms: bigint): Promise<void> {
  const { vault } = parts.perpV2!;
  await send(owner, [
    encode(tokens.USDC.address, ERC20, 'approve', [vault, atoms]),
    encode(vault, VAULT, 'deposit', [tokens.USDC.address, atoms]),
  ]);
}

/** Somebody takes the perpetual's pool to a price, away from the spot. */
export async function perpTo({ parts }: WorldChain, send: Send, from: Address, dollars: number): Promise<void> {
  const { baseToken, clearingHouse } = parts.perpV2!;
  const limit = BigInt(Math.floor(Math.sqrt(dollars) * 2 ** 96));
  const terms = [baseToken, false, true, 10n ** 30n, 0n, 2n ** 255n, limit, NO_REFERRAL];
  await send(from, [encode(clearingHouse, HOUSE, 'openPosition', [terms])]);
}

export function encode(to: Address, abi: Interface, name: string, args: readonly unknown[]): Pick<Call, 'data' | 'to'> {
  return { to, data: abi.encodeFunctionData(name, args) as Call['data'] };
}

function marketsOf(local: WorldChain, chain: Chain): Pick<InstrumentBench, 'adapters' | 'lyra' | 'perp' | 'sources'> {
  const { id, parts, tokens } = local;
  const { USDC, WETH } = tokens;
  const virtual = (symbol: string, address: Address): Token => ({ chainId: id, address, symbol, decimals: 18 });
  const ofPerp = parts.perpV2!;
  const perp: PerpV2Market = {
    ...ofPerp,
    chain,
    baseToken: virtual('vETH', ofPerp.baseToken),
    quoteToken: virtual('vUSD', ofPerp.quoteToken),
    settlementToken: USDC,
    collaterals: [{ token: WETH, deltaPerUnit: '1', valuePerUnit: '0' }],
  };
  const ofLyra = parts.lyra!;
  const lyra: LyraTrading = {
    ...ofLyra,
    chain,
    quoteAsset: virtual('sUSD', ofLyra.sUSD),
    baseAsset: virtual('sETH', ofLyra.sETH),
  };
  const { addressesProvider, pool } = parts.aaveV3!;
  const venues = [venuesOf(local, chain).v3];
  const chains = <T>(market: T): Readonly<Record<number, T>> => ({ [id]: market });
  const assets = [
    { token: WETH, deltaPerUnit: '1', valuePerUnit: '0' },
    { token: USDC, deltaPerUnit: '0', valuePerUnit: '1' },
  ];
  const loan = { chain, addressesProvider, pool, underlying: WETH, numeraire: USDC, venues };
  return {
    perp,
    lyra,
    adapters: {
      perp: perpV2Instrument({ chains: chains(perp), clock }),
      lyra: lyraOptions({ chains: chains(lyra), clock }),
      lyraCovered: lyraOptions({ chains: chains(lyra), clock, callCollateral: 'base', id: 'lyra-covered' }),
      loan: aaveShort({ chains: chains(loan), clock }),
      spot: spotInstrument({ chains: chains({ chain, underlying: WETH, numeraire: USDC, venues }), clock }),
    },
    sources: [
      erc20Holdings({
        chain,
        tokens: [
          ...assets,
          { token: lyra.baseAsset, deltaPerUnit: '1', valuePerUnit: '0' },
          { token: lyra.quoteAsset, deltaPerUnit: '0', valuePerUnit: '1' },
        ],
      }),
      perpV2Positions(perp),
      lyraPositions(lyra),
      aaveV3Account({ chain, addressesProvider, assets }),
    ],
  };
}

type Name = keyof InstrumentBench['adapters'];

/** Small, so that a trade hardly moves its own market: premiums and volatilities stay what they were said to be. */
const SAMPLES: Readonly<Record<Name, readonly (readonly [instrument: string, units: string])[]>> = {
  perp: [
    ['vETH', '-0.2'],
    ['vETH', '0.125'],
  ],
  spot: [['WETH', '0.75']],
  loan: [['WETH', '-3']],
  // Strikes of 2,700 and 3,000 on the board of 28 days.
  lyra: [
    ['8-call', '-0.1'],
    ['7-put', '0.1'],
  ],
  lyraCovered: [['8-call', '-0.1']],
};

/** What the conformance suite needs of one of the adapters. */
export function subjectOf(bench: InstrumentBench, name: Name): InstrumentSubject {
  const { adapters, chain, local, sources, trader } = bench;
  return {
    adapter: adapters[name],
    chains: { [chain.id]: chain },
    owner: trader,
    sources,
    samples: SAMPLES[name].map(([instrument, units]) => ({ chainId: local.id, instrument, units })),
    spot: 3_000,
    execute: (calls) => bench.send(trader, calls),
    pass: bench.pass,
    reset: bench.reset,
    nowSeconds: bench.nowSeconds,
    starve: () => starve(bench),
    // Options are valued a block later than they were quoted, at volatilities that have been averaged on.
    tolerance: name.startsWith('lyra') ? 2e-5 : 1e-8,
  };
}

/** All margin out of the vault, all tokens out of the wallet. */
async function starve({ chain, local, lyra, send, trader, world }: InstrumentBench): Promise<void> {
  const { tokens, parts } = local;
  await send(trader, [encode(parts.perpV2!.vault, VAULT, 'withdrawAll', [tokens.USDC.address])]);
  const balances = new Interface(['function balanceOf(address) view returns (uint256)']);
  for (const { address } of [tokens.USDC, tokens.WETH, lyra.quoteAsset, lyra.baseAsset]) {
    const { data } = encode(address, balances, 'balanceOf', [trader]);
    const { results } = await chain.read([{ to: address, data }]);
    await send(trader, [encode(address, ERC20, 'transfer', [world.accounts.stranger.address, results[0]!.data])]);
  }
}
