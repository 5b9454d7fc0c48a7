import {
  type InstrumentSubject,
  instrumentConformance,
  type VenueSubject,
  venueConformance,
} from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import { spotInstrument } from '@evenkeel/adapters/spot';
import { clock } from '../support/bridge-world.js';
import { E18, E6, encode, erc20, type LopBench, openLopBench } from './bench.js';

jest.setTimeout(60_000);

let bench: LopBench;

beforeAll(async () => {
  bench = await openLopBench();
}, 120_000);
afterAll(() => bench?.world.close());

function venueSubject({ chain, trader, usdc, venue, weth }: LopBench): VenueSubject {
  return {
    adapter: venue,
    chains: { [chain.id]: chain },
    account: trader,
    samples: [
      { tokenIn: usdc, tokenOut: weth, amountIn: 1_000n * E6 },
      // Several orders, the last in part.
      { tokenIn: weth, tokenOut: usdc, amountIn: 9n * E18 + 7n },
    ],
  };
}

/** The book as an instrument: spot that is bought and sold by its orders alone. */
function instrumentSubject({
  chain,
  local,
  reset,
  send,
  trader,
  usdc,
  venue,
  weth,
  world,
}: LopBench): InstrumentSubject {
  const chains = { [chain.id]: { chain, underlying: weth, numeraire: usdc, venues: [venue] } };
  return {
    adapter: spotInstrument({ chains, clock, id: 'oneinch-lop' }),
    chains: { [chain.id]: chain },
    owner: trader,
    sources: [
      erc20Holdings({
        chain,
        tokens: [
          { token: weth, deltaPerUnit: '1', valuePerUnit: '0' },
          { token: usdc, deltaPerUnit: '0', valuePerUnit: '1' },
        ],
      }),
    ],
    samples: [
      { chainId: local.id, instrument: 'WETH', units: '7.25' },
      { chainId: local.id, instrument: 'WETH', units: '-3' },
    ],
    spot: 3_000,
    execute: async (calls) => {
      if (!(await send(trader, calls))) throw new Error('a call failed');
    },
    pass: (seconds) => world.advance(seconds),
    reset,
    nowSeconds: () => world.clockSeconds(),
    starve: async () => {
      for (const token of [weth, usdc]) {
        const all = await bench.balance(token, trader);
        const away = encode(token.address, erc20, 'transfer', [world.accounts.stranger.address, all]);
        await send(trader, [away]);
      }
    },
    tolerance: 1e-8,
  };
}

describeConformance(
  'oneinch-lop',
  venueConformance(() => venueSubject(bench), ['curve']),
);
describeConformance(
  'oneinch-lop as an instrument',
  instrumentConformance(() => instrumentSubject(bench)),
);
