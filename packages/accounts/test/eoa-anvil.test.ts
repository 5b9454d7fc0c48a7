import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Contract, Wallet } from 'ethers';
import { type Address, type Chain, NATIVE_ADDRESS } from '@evenkeel/core';
import { executeProgramme, type ExecuteRequest, guardCalls, memoryJournal } from '@evenkeel/core/execution';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { signedIntentToJson } from '@evenkeel/intents';
import { startWorld, type World } from '@evenkeel/devnet';
import { eoaAccount } from '../src/index.js';
import { intentFor, type Market, marketOf, swapProgramme, venueOf } from './support/swap-on-world.js';

// On a real chain with the real Uniswap V2: the guard's simulation, the outbox, and what a killed process leaves behind.

jest.setTimeout(120_000);

const USDC = 250_000_000n;
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-eoa-'));
let world: World;
let market: Market;
let chain: Chain;
let wallet: Wallet;

beforeAll(async () => {
  world = await startWorld({ chains: 1 });
  market = marketOf(world.chains[0]!);
  chain = jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl });
  wallet = new Wallet(world.accounts.trader.privateKey);
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

const clock = {
  now: () => Date.now(),
  sleep: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
};

async function balances(): Promise<Record<string, bigint>> {
  const owner = wallet.address;
  const { provider } = world.chains[0]!;
  const read = async (token: string): Promise<bigint> =>
    (await new Contract(token, ['function balanceOf(address) view returns (uint256)'], provider).balanceOf!(
      owner,
    )) as bigint;
  return {
    [NATIVE_ADDRESS]: await provider.getBalance(owner),
    [market.usdc.address.toLowerCase()]: await read(market.usdc.address),
    [market.weth.address.toLowerCase()]: await read(market.weth.address),
  };
}

async function nowOf(): Promise<number> {
  return Math.max(await world.clockSeconds(), Math.floor(Date.now() / 1000));
}

async function requestFor(parts: number, extra: Partial<ExecuteRequest> = {}): Promise<ExecuteRequest> {
  const signedIntent = await intentFor(market, wallet, USDC * 20n, await nowOf());
  const account = eoaAccount(wallet);
  return {
    signedIntent,
    programme: swapProgramme(market, signedIntent.id, account.owner, USDC, parts),
    accounts: [account],
    chains: [chain],
    adapters: [venueOf(market)],
    tokens: [market.usdc, market.weth],
    journal: memoryJournal(),
    clock,
    options: { pollMs: 20 },
    ...extra,
  };
}

function reconcile(
  before: Record<string, bigint>,
  flows: readonly { token: string; atoms: bigint }[],
  after: Record<string, bigint>,
): void {
  for (const [token, opening] of Object.entries(before)) {
    const moved = flows
      .filter((flow) => flow.token.toLowerCase() === token)
      .reduce((sum, flow) => sum + flow.atoms, 0n);
    expect([token, opening + moved]).toEqual([token, after[token]]);
  }
}

test('swaps on the real pool and accounts for every atom, gas included', async () => {
  const before = await balances();
  const result = await executeProgramme(await requestFor(1));
  expect(result.steps.map(({ code }) => code)).toEqual(['STEP_FILLED', 'STEP_FILLED', 'ALLOWANCE_USED_UP']);
  reconcile(before, result.flows, await balances());
  // What the simulation promised is what came.
  const promised = result.guard[0]!.steps[1]!.changes.find(({ token }) => token.symbol === 'WETH')!.atoms;
  expect(result.net.find(({ token }) => token.toLowerCase() === market.weth.address.toLowerCase())?.atoms).toBe(
    promised,
  );
});

test('pretends funds of real tokens: each keeps its balances somewhere else', async () => {
  const poor = Wallet.createRandom().address as Address;
  const owner = wallet.address as Address;
  const { tokens } = world.chains[0]!;
  for (const token of Object.values(tokens)) {
    const amount = { token: { ...token, chainId: market.chainId }, atoms: 10n ** 6n };
    const report = await guardCalls({
      chain,
      account: poor,
      steps: [
        {
          id: 'home',
          calls: [
            {
              chainId: market.chainId,
              to: token.address,
              data: `0xa9059cbb${owner.slice(2).toLowerCase().padStart(64, '0')}${amount.atoms.toString(16).padStart(64, '0')}`,
              valueWei: 0n,
              purpose: 'action',
              description: `move ${token.symbol}`,
            },
          ],
          spends: [amount],
          receives: [],
          nativeFeeWei: 0n,
        },
      ],
      targets: [owner],
      tokens: [amount.token],
      maxSpend: [amount],
      incoming: [amount],
    });
    expect(report.steps[0]!.changes.map(({ atoms }) => atoms)).toEqual([-amount.atoms]);
  }
});

test('a stuck transaction on a chain that mines slowly is replaced and lands once', async () => {
  const { rpc } = world.chains[0]!;
  await rpc('evm_setAutomine', [false]);
  try {
    const before = await balances();
    let replaced = 0;
    const request = await requestFor(1, {
      options: { pollMs: 20, replaceAfterMs: 200, rebroadcastMs: 50 },
      onEvent: (event) => {
        if (event.type === 'step-replaced') {
          replaced += 1;
          void rpc('evm_mine');
        }
      },
    });
    const result = await executeProgramme(request);
    expect(result.state).toBe('completed');
    expect(replaced).toBe(2);
    reconcile(before, result.flows, await balances());
  } finally {
    await rpc('evm_setAutomine', [true]);
  }
});

test('a reorganisation is seen, and what it undid is sent again', async () => {
  const { rpc } = world.chains[0]!;
  const before = await balances();
  let reorganised = false;
  const events: string[] = [];
  const request = await requestFor(1, {
    options: { pollMs: 20, rebroadcastMs: 50, confirmations: { [market.chainId]: 4 } },
    onEvent: (event) => {
      events.push(event.type);
      if (event.type !== 'step-sent') return;
      void (async () => {
        await rpc('evm_mine');
        if (!reorganised) {
          reorganised = true;
          await new Promise((resolve) => setTimeout(resolve, 150));
          await rpc('anvil_reorg', [2, []]);
        }
        for (let mined = 0; mined < 5; mined++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          await rpc('evm_mine');
        }
      })();
    },
  });
  const result = await executeProgramme(request);
  expect(result.state).toBe('completed');
  expect(events).toContain('step-reorganised');
  await new Promise((resolve) => setTimeout(resolve, 700));
  reconcile(before, result.flows, await balances());
});

test('killed again and again, every part lands once, and the key is nowhere to be found', async () => {
  const parts = 4;
  const before = await balances();
  const { provider, rpc } = world.chains[0]!;
  const opening = await provider.getTransactionCount(wallet.address);
  const journalPath = join(directory, 'killed.db');
  const signedIntent = await intentFor(market, wallet, USDC * 20n, (await nowOf()) + 1);
  const orders = JSON.stringify({
    market,
    journalPath,
    signedIntent: signedIntentToJson(signedIntent),
    usdcAtoms: USDC.toString(),
    parts,
  });
  let said = '';
  /** Runs until the n-th event, then no more. */
  const live = (killAtEvent: number): Promise<boolean> =>
    new Promise((resolve) => {
      const args = [
        join(__dirname, 'support/run-typescript.cjs'),
        join(__dirname, 'support/executor-process.ts'),
        orders,
      ];
      const child = spawn(process.execPath, args, { env: { ...process.env, EXECUTOR_KEY: wallet.privateKey } });
      let output = '';
      const hear = (chunk: Buffer): void => {
        output += chunk.toString();
        if (output.split('event ').length - 1 >= killAtEvent) child.kill('SIGKILL');
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', () => {
        said += output;
        resolve(output.includes('result completed'));
      });
    });

  await rpc('evm_setIntervalMining', [1]);
  let lives = 0;
  try {
    // Kill after ever other numbers of events: between each two of them an operation of the outbox lies.
    for (const killAtEvent of [3, 4, 5, 6, 4, 7, 5]) {
      lives += 1;
      if (await live(killAtEvent)) break;
    }
    while (!(await live(Number.POSITIVE_INFINITY))) if (++lives > 12) throw new Error(said.slice(-2_000));
  } finally {
    await rpc('evm_setIntervalMining', [0]);
    await rpc('evm_setAutomine', [true]);
  }
  expect(lives).toBeGreaterThanOrEqual(7);
  // Two transactions a part, and not one more; the revokes were not needed.
  expect((await provider.getTransactionCount(wallet.address)) - opening).toBe(2 * parts);
  const spent = Array.from({ length: parts }, (_, part) => USDC + BigInt(part)).reduce((sum, atoms) => sum + atoms, 0n);
  const after = await balances();
  const usdc = market.usdc.address.toLowerCase();
  expect(before[usdc]! - after[usdc]!).toBe(spent);

  const journal = await sqliteJournal({ path: journalPath });
  reconcile(before, await journal.flows(), after);
  const decisions = inspect(await journal.decisions(), { depth: 9, maxArrayLength: null });
  await journal.close();
  const secret = wallet.privateKey.slice(2).toLowerCase();
  const bytes = Buffer.from(secret, 'hex');
  for (const file of readdirSync(directory)) {
    const content = readFileSync(join(directory, file));
    expect(content.includes(bytes)).toBe(false);
    expect(content.toString('latin1').toLowerCase()).not.toContain(secret);
  }
  expect((said + decisions).toLowerCase()).not.toContain(secret);
});
