import { Wallet } from 'ethers';
import { executeProgramme } from '@evenkeel/core/execution';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { eoaAccount } from '@evenkeel/accounts';
import { parseSignedIntent } from '@evenkeel/intents';
import { type Market, swapProgramme, venueOf } from './swap-on-world.js';

// A process of its own that executes a programme, to be killed. Started with one JSON argument; tells each event on
// standard output.

/** The key comes by environment, so that it shows in no list of processes. */
interface Orders {
  readonly market: Market;
  readonly journalPath: string;
  readonly signedIntent: unknown;
  readonly usdcAtoms: string;
  readonly parts: number;
}

async function main(): Promise<void> {
  const { market, journalPath, signedIntent, usdcAtoms, parts } = JSON.parse(process.argv[2]!) as Orders;
  const signed = parseSignedIntent(signedIntent);
  const account = eoaAccount(new Wallet(process.env.EXECUTOR_KEY!));
  const journal = await sqliteJournal({ path: journalPath });
  const result = await executeProgramme({
    signedIntent: signed,
    programme: swapProgramme(market, signed.id, account.owner, BigInt(usdcAtoms), parts),
    accounts: [account],
    chains: [jsonRpcChain({ id: market.chainId, name: 'local', url: market.rpcUrl })],
    adapters: [venueOf(market)],
    tokens: [market.usdc, market.weth],
    journal,
    clock: {
      now: () => Date.now(),
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    },
    logger: { log: (level, message, fields) => console.log(JSON.stringify({ level, message, fields })) },
    onEvent: (event) => console.log(`event ${event.type}`),
    options: { pollMs: 20 },
  });
  await journal.close();
  console.log(`result ${result.state}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
