// One of several nodes on one engine: takes whatever the engine gives it, and sends one transaction for each slice through
// the shared outbox. Says what it does; dies when it is killed.
import { dbosEngine, restateEngine } from '@evenkeel/agent';
import { postgresJournal } from '@evenkeel/core/journal-postgres';
import { intentWorkflow } from '@evenkeel/core/workflow';

const { accounts, chainUrl, engine: kind, name, postgresUrl, restate, schema, slices } = JSON.parse(process.argv[2]);

const shared = await postgresJournal({ connectionString: postgresUrl, schema });
const hex = (value, length) => `0x${value.toString(16).padStart(length, '0')}`;
const random = () =>
  hex(BigInt(Math.floor(Math.random() * 2 ** 48)) * 2n ** 48n + BigInt(Math.floor(Math.random() * 2 ** 48)), 64);

/** The outbox discipline, with a model of a chain in the place of one. */
async function send(journal, account, slice) {
  const lane = { chainId: 1, account: hex(BigInt(account) + 1n, 40), nonceKey: 0n };
  const key = { intentId: hex(BigInt(account) + 1n, 64), slice, step: 'send', attempt: 0 };
  const reservation = await journal.reserve(key, lane, 0n, Date.now());
  if (reservation.state === 'open') {
    // Two signatures of one step are two hashes: whoever sends both is found out.
    const fresh = random();
    const fees = { gasLimit: 1n, maxFeePerGasWei: 1n, maxPriorityFeePerGasWei: 1n };
    const operation = { reservationId: reservation.id, bump: 0, purpose: 'step', raw: fresh, hash: fresh, ...fees };
    const { hash } = await journal.persistOperation({ ...operation, signedAtMs: Date.now() });
    const body = JSON.stringify({ account: lane.account, nonce: Number(reservation.nonce), hash, by: name });
    await fetch(chainUrl, { method: 'POST', body });
    await journal.settle(reservation.id, { state: 'filled', finalHash: hash, success: true }, []);
  }
  await journal.putOutcome({ key, state: 'done', code: 'STEP_FILLED', sentence: 'Sent.' });
}

async function nextSlice(journal, account) {
  const intentId = hex(BigInt(account) + 1n, 64);
  for (let slice = 0; ; slice++) if ((await journal.outcomes({ intentId, slice })).length === 0) return slice;
}

const turns = {
  next: async ({ portfolio }) => {
    const account = Number(portfolio);
    const journal = await shared.claim(portfolio);
    const slice = await nextSlice(journal, account);
    if (slice < slices) await send(journal, account, slice);
    if (slice + 1 < slices) return { state: 'waiting', untilSeconds: Math.ceil(Date.now() / 1000) + 1 };
    return { state: 'ended', outcome: 'hedged', sentence: 'Every slice is sent.' };
  },
  cancel: async () => ({ state: 'ended', outcome: 'cancelled', sentence: 'Cancelled.' }),
};
const workflows = [intentWorkflow(turns)];
const engine =
  kind === 'dbos'
    ? await dbosEngine({ workflows, databaseUrl: postgresUrl, executorId: name, schema: `${schema}_dbos`, most: 6 })
    : await restateEngine({ workflows, ...restate });
process.stdout.write('ready\n');

// Everybody starts everything: a run is begun once.
const ids = Array.from({ length: accounts }, (_, i) => `${schema}-${i}`);
for (const [i, id] of ids.entries()) await engine.start('intent', id, { portfolio: String(i) });
process.stdout.write('started\n');
for (const id of ids) {
  const { state } = await engine.result(id);
  if (state !== 'done') throw new Error(`${id} is ${state}`);
}
process.stdout.write('finished\n');
process.exit(0);
