#!/usr/bin/env node
// One life of an SDK user that executes a programme through a bundler. Dies by SIGKILL in the window that it is told.
import { executeProgramme } from '@evenkeel/core/execution';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { bundlerClient, entryPoint, erc4337Account, simple7702Kind } from '@evenkeel/accounts/erc4337';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { parseSignedIntent } from '@evenkeel/intents';
import { Wallet } from 'ethers';

const { bundlerUrl, delegate, journalPath, programme, rpcUrl, signedIntent, tokens, venue, window } = JSON.parse(
  process.argv[2],
  (key, value) => (typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value),
);
const { chainId } = programme.steps[0];
const chain = jsonRpcChain({ id: chainId, name: 'local', url: rpcUrl });
const account = erc4337Account({
  kind: simple7702Kind(delegate),
  // By environment, so that it shows in no list of processes.
  signer: new Wallet(process.env.EVENKEEL_PRIVATE_KEY),
  networks: [
    { chain, bundler: bundlerClient({ chainId, urls: [bundlerUrl], timeoutMs: 2_000 }), entryPoint: entryPoint('0.8') },
  ],
});
const journal = await sqliteJournal({ path: journalPath });

/** Does what it is for, and never comes back from the window that was meant. */
const dyingAfter =
  (name, own) =>
  async (...args) => {
    const value = await own(...args);
    process.stdout.write(`${name}\n`);
    if (window === name) {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    }
    return value;
  };
const { submission } = account;
const watched = {
  ...account,
  sign: dyingAfter('signed', account.sign),
  submission: {
    ...submission,
    send: dyingAfter('sent', submission.send),
    receipt: dyingAfter('asked', submission.receipt),
  },
};
const result = await executeProgramme({
  signedIntent: parseSignedIntent(signedIntent),
  programme,
  accounts: [watched],
  chains: [chain],
  adapters: [
    {
      kind: 'venue',
      id: 'uniswap-v2',
      name: 'Uniswap V2',
      capabilities: { chains: [chainId], curve: false, quote: true },
      targets: () => [venue],
      build: () => [],
    },
  ],
  tokens,
  journal: { ...journal, persistOperation: dyingAfter('stored', (operation) => journal.persistOperation(operation)) },
  clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  options: { pollMs: 50, rebroadcastMs: 500 },
});
process.stdout.write(`result ${result.state}\n`);
await journal.close();
