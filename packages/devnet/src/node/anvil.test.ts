import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUARD, startAnvil } from './anvil.js';
import { findAnvil } from './find-anvil.js';

const GENESIS = 1_748_736_000;

test('starts, answers, and stops', async () => {
  const node = await startAnvil({ chainId: 31_400, genesisTimeSeconds: GENESIS });
  expect(await node.rpc.request('eth_chainId')).toBe('0x7aa8');
  await expect(node.rpc.request('no_such_method')).rejects.toMatchObject({ code: 'RPC_FAILED' });
  await node.stop();
  await node.stop();
  await expect(node.rpc.request('eth_chainId')).rejects.toMatchObject({ code: 'RPC_FAILED' });
});

test('a batch keeps the order of its calls', async () => {
  const node = await startAnvil({ chainId: 31_401, genesisTimeSeconds: GENESIS });
  const calls = [
    { method: 'eth_chainId', params: [] },
    { method: 'eth_blockNumber', params: [] },
  ];
  expect(await node.rpc.batch(calls)).toEqual(['0x7aa9', '0x0']);
  expect(await node.rpc.batch([])).toEqual([]);
  await node.stop();
});

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('the node dies with a parent that is killed', async () => {
  // A parent that starts a guarded process, tells us its id, and is killed without a chance to tidy up.
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn('sh', ['-c', process.argv[1], 'sh', '-c', 'echo $$; exec sleep 60'], { stdio: ['pipe', 'inherit', 'ignore'] });
  `;
  const parent = spawn(process.execPath, ['-e', script, GUARD], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  expect(() => process.kill(pid, 0)).not.toThrow();
  // The pipe that the grandchild inherited closes when it has ended.
  const closed = once(parent.stdout, 'close');
  parent.kill('SIGKILL');
  await closed;
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

describe('findAnvil', () => {
  const nowhere = `file://${tmpdir()}/module.js`;

  test('says how to get one when there is none', () => {
    expect(() => findAnvil({ PATH: '' }, nowhere)).toThrow(expect.objectContaining({ code: 'ANVIL_MISSING' }));
  });

  onPosix('takes the one on PATH', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'devnet-path-'));
    const binary = join(folder, 'anvil');
    await writeFile(binary, '#!/bin/sh\n');
    await chmod(binary, 0o755);
    expect(findAnvil({ PATH: `/nonexistent:${folder}` }, nowhere)).toBe(binary);
    await rm(folder, { recursive: true });
  });
});
