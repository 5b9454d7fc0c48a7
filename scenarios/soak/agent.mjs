// The agent of a soak, in a process of its own so that its memory is nobody else's. Says, when it is asked, what is left
// after everything that nobody needs was thrown away.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openAgent, parseAgentConfig, systemClock, systemRandom } from '@evenkeel/agent';
import { Wallet } from 'ethers';

const { values: options } = parseArgs({ options: { file: { type: 'string' }, folder: { type: 'string' } } });
const agent = await openAgent(parseAgentConfig(JSON.parse(readFileSync(options.file, 'utf8'))), {
  folder: options.folder,
  env: {},
  clock: systemClock,
  random: systemRandom,
  logger: { log: () => undefined },
  signerOf: () => new Wallet(process.env.EVENKEEL_PRIVATE_KEY),
});
const counts = { rounds: 0, trades: 0, undecided: 0 };
agent.events.listen(({ code, details, kind }) => {
  if (kind === 'round') counts.rounds += 1;
  if (kind === 'report' && code === 'HEDGED') counts.trades += 1;
  if (kind === 'decision' && details?.action === 'undecided') counts.undecided += 1;
});
const stop = new AbortController();
process.on('message', (wanted) => {
  if (wanted === 'stop') stop.abort();
  else {
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    process.send({ heapBytes: heapUsed, externalBytes: external, rssBytes: rss, ...counts });
  }
});
const parked = await agent.run(stop.signal);
await agent.close();
process.exit(parked === 0 ? 0 : 1);
