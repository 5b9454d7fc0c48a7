#!/usr/bin/env node
// Kills the SDK, the bundler or both by SIGKILL at every step of an operation, and then asks the chain whether anything was
// lost or done twice.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIntent, signIntent } from '@evenkeel/intents';
import { startWorld } from '@evenkeel/devnet';
import { Interface, Wallet } from 'ethers';
import { readOptions } from '../../scripts/options.mjs';
import { installAlto, startAlto } from './alto.mjs';

const HELP = `Usage: npm run accounts:crash -- [--runs N] [--json]

Executes N programmes (default 100) of one swap each through the bundler alto on a local chain, each with one death: of the
SDK after it has signed, stored, sent or asked; of the bundler after the operation was stored or sent; or of both.`;

const options = readOptions(HELP, {
  runs: { type: 'whole', least: 1, default: 100 },
  json: { type: 'boolean' },
});
const { runs } = options;

const DEATHS = [
  { sdk: 'signed' },
  { sdk: 'stored' },
  { sdk: 'sent' },
  { sdk: 'asked' },
  { bundler: 'stored' },
  { bundler: 'sent' },
  { sdk: 'stored', bundler: 'stored' },
  { sdk: 'sent', bundler: 'sent' },
];
const USDC = 10_000_000n;
const LIVES_AT_MOST = 6;
const abi = new Interface([
  'function approve(address spender, uint256 amount)',
  'function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)',
]);

installAlto();
const world = await startWorld({ chains: 1, parts: ['erc4337'] });
const [local] = world.chains;
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-crash-'));
const wallet = new Wallet(world.accounts.trader.privateKey);
const usdc = { ...local.tokens.USDC };
const weth = { ...local.tokens.WETH };
const router = local.contracts.uniswapV2Router;
const totals = { runs: 0, deaths: 0, lost: 0, twice: 0 };
let alto;
try {
  alto = await bundler();
  for (let run = 0; run < runs; run++) await oneRun(run, DEATHS[run % DEATHS.length]);
} finally {
  await alto?.stop();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
}
if (options.json) console.log(JSON.stringify(totals));
else console.log(`${totals.runs} runs, ${totals.deaths} deaths: ${totals.lost} lost, ${totals.twice} done twice.`);
process.exit(totals.lost + totals.twice === 0 ? 0 : 1);

function bundler(port) {
  const { entryPointV07, entryPointV08 } = local.parts.erc4337;
  return startAlto({
    rpcUrl: local.rpcUrl,
    chainId: local.id,
    entryPoints: [entryPointV07, entryPointV08],
    executorKeys: [world.accounts.relayer.privateKey],
    utilityKey: world.accounts.maker.privateKey,
    ...(port && { port }),
  });
}

async function oneRun(run, death) {
  const amount = USDC + BigInt(run);
  const orders = await ordersOf(run, amount);
  const before = await spent();
  let state;
  for (let life = 0; life < LIVES_AT_MOST && state !== 'completed'; life++) {
    state = await live(orders, life === 0 ? death : {});
  }
  const used = (await spent()) - before;
  totals.runs += 1;
  if (state !== 'completed' || used < amount) totals.lost += 1;
  if (used > amount) totals.twice += 1;
  if (!options.json)
    console.log(
      `${String(run + 1).padStart(4)}  ${JSON.stringify(death).padEnd(40)} ${state}, ${used === amount ? 'once' : `moved ${used} of ${amount}`}`,
    );
}

/** One life of the SDK; the bundler dies with its word, and is started anew on the same port. */
async function live(orders, death) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'crash-victim.mjs'), text({ ...orders, bundlerUrl: alto.url, window: death.sdk })],
    { stdio: ['ignore', 'pipe', 2], env: { ...process.env, EVENKEEL_PRIVATE_KEY: wallet.privateKey } },
  );
  let state;
  let reborn;
  let left = '';
  child.stdout.on('data', (chunk) => {
    const lines = `${left}${chunk}`.split('\n');
    left = lines.pop();
    for (const line of lines) {
      if (line.startsWith('result ')) state = line.slice('result '.length);
      if (line !== death.bundler || reborn !== undefined) continue;
      totals.deaths += 1;
      const { port } = new URL(alto.url);
      reborn = alto.stop().then(() => bundler(Number(port)));
    }
  });
  const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)));
  if (signal === 'SIGKILL') totals.deaths += 1;
  if (reborn !== undefined) alto = await reborn;
  return state;
}

/** Approve and swap in one operation. */
async function ordersOf(run, amount) {
  const self = wallet.address;
  const now = Math.max(await world.clockSeconds(), Math.floor(Date.now() / 1000)) + run;
  const intent = createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '1',
      postTradeDelta: { low: '-1', high: '1' },
      exposureHash: `0x${'11'.repeat(32)}`,
      spending: [{ chainId: local.id, token: usdc.address, maxSpend: amount, recipient: self }],
      maxCostBps: 100,
      referencePrice: { source: 'test', price: '2500' },
      adapters: ['uniswap-v2'],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline: now + 36_000,
      signer: self,
    },
    { nowSeconds: now, random: { bytes: (length) => new Uint8Array(length).fill(run % 251) } },
  );
  const signedIntent = await signIntent(intent, wallet);
  const call = (to, data, purpose, description) => ({
    chainId: local.id,
    to,
    data,
    valueWei: 0n,
    purpose,
    description,
  });
  const swap = [amount, 1n, [usdc.address, weth.address], self, 2n ** 40n];
  const step = {
    kind: 'calls',
    id: 'swap',
    after: [],
    chainId: local.id,
    account: self,
    adapter: 'uniswap-v2',
    role: 'swap',
    calls: [
      call(usdc.address, abi.encodeFunctionData('approve', [router, amount]), 'approve', 'approve USDC'),
      call(router, abi.encodeFunctionData('swapExactTokensForTokens', swap), 'action', 'swap USDC for WETH'),
    ],
    spends: [{ token: usdc, atoms: amount }],
    receives: [{ token: weth, atoms: 1n }],
    nativeFeeWei: 0n,
    attempt: 0,
  };
  return {
    delegate: local.parts.erc4337.simple7702Account,
    journalPath: join(folder, `${run}.sqlite`),
    programme: { intentId: signedIntent.id, slice: 0, steps: [step] },
    rpcUrl: local.rpcUrl,
    signedIntent,
    tokens: [usdc, weth],
    venue: router,
  };
}

function text(value) {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));
}

/** What has left the account, in atoms of USDC, against an arbitrary beginning. */
async function spent() {
  const data = `0x70a08231${wallet.address.slice(2).toLowerCase().padStart(64, '0')}`;
  return -BigInt(await local.rpc('eth_call', [{ to: usdc.address, data }, 'latest']));
}
