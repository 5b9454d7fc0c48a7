// Whether delta and vega of random positions on Lyra are the venue's own: books of all five kinds on random strikes, each in
// random markets; the venue's cache is renewed and read, and held against ours at the same spot, time and volatility.
//
//   node bench/instruments/greeks.mjs --positions 1000 --seed 1
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { compareLyraGreeks } from '@evenkeel/adapters/lyra';
import { seededNumbers } from '@evenkeel/core/backtest';
import { startWorld } from '@evenkeel/devnet';
import { Interface } from 'ethers';
import { readOptions } from '../../scripts/options.mjs';

const HELP = 'Usage: node bench/instruments/greeks.mjs [--positions N] [--seed S]';
const { positions: wanted, seed } = readOptions(HELP, {
  positions: { type: 'whole', least: 1, default: 1000 },
  seed: { type: 'whole', least: 0, default: 1 },
});

/** Rounding of the last digits of numbers with 18 decimals, in JavaScript's. Positions are of one unit at most. */
const DELTA_ROUNDING = 1e-14;
const VEGA_ROUNDING = 1e-12;
const E18 = 10n ** 18n;
const MAX = 2n ** 256n - 1n;
const BOOK = 60;
const STATES = 3;
const STRIKES = 15;
const ABI = new Interface([
  'function approve(address,uint256)',
  'function openPosition((uint256,uint256,uint256,uint8,uint256,uint256,uint256,uint256))',
]);
const never = new AbortController().signal;

const world = await startWorld({ chains: 1, parts: ['lyra'] });
const actors = await world.startActors({ only: [] });
const [local] = world.chains;
const { lyra } = local.parts;
const trader = world.accounts.trader.address;
const chain = jsonRpcChain({
  id: local.id,
  name: local.name,
  url: local.rpcUrl,
  multicall3: local.contracts.multicall3,
});
const synth = (symbol, address) => ({ chainId: local.id, address, symbol, decimals: 18 });
const market = { ...lyra, chain, quoteAsset: synth('sUSD', lyra.sUSD), baseAsset: synth('sETH', lyra.sETH) };
await local.rpc('anvil_impersonateAccount', [trader]);
await local.rpc('evm_setBlockGasLimit', ['0xffffffffff']);
for (const token of [lyra.sUSD, lyra.sETH]) await send(token, 'approve', [lyra.optionMarket, MAX]);
const opening = await world.snapshot();

let [compared, agreed, largestDelta, largestVega] = [0, 0, 0, 0];
for (let book = 0; compared < wanted; book += 1) {
  const { uniform } = seededNumbers(seed, book);
  const whole = (below) => Math.min(below - 1, Math.floor(below * uniform()));
  await world.revert(opening);
  for (let each = 0; each < BOOK; each += 1) {
    const kind = whole(5);
    const amount = BigInt(Math.round((0.01 + 0.99 * uniform()) * 1e6)) * 10n ** 12n;
    const collateral = [0n, 0n, amount, 8_000n * E18, 4_000n * amount][kind];
    await send(lyra.optionMarket, 'openPosition', [
      [1 + whole(STRIKES), 0n, 1n, kind, amount, collateral, 0n, MAX / 2n],
    ]);
  }
  for (let state = 0; state < STATES && compared < wanted; state += 1) {
    await world.advance(1 + whole(90_000));
    actors.arbitrageur.setPrice(2_400 + whole(1_200));
    await actors.feedKeeper.tick();
    for (const { gap } of (await compareLyraGreeks(market, trader, never)).slice(0, wanted - compared)) {
      const [delta, vega] = [Math.abs(gap.deltaUnits), Math.abs(gap.standardVegaPerPoint)];
      compared += 1;
      if (delta <= DELTA_ROUNDING && vega <= VEGA_ROUNDING) agreed += 1;
      largestDelta = Math.max(largestDelta, delta);
      largestVega = Math.max(largestVega, vega);
    }
  }
}
console.log(`delta and vega agree with the venue's own in ${agreed} of ${compared} random positions, seed ${seed}`);
console.log(
  `largest gap: delta ${largestDelta.toExponential(1)}, standard vega ${largestVega.toExponential(1)} a point`,
);
await world.close();
process.exitCode = agreed === compared ? 0 : 1;

/** Trades that the market refuses, for its deltas are limited, are left out. */
async function send(to, name, args) {
  const data = ABI.encodeFunctionData(name, args);
  await local.rpc('eth_sendTransaction', [{ from: trader, to, data, gas: '0x4c4b40' }]);
}
