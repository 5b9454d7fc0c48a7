import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const folder = join(__dirname, '../../../examples');
const run = promisify(execFile);

/** Runs an example as its reader does; rejects when it ends with anything but 0. */
async function output(file: string): Promise<string> {
  const { stdout } = await run(process.execPath, [join(folder, file)]);
  return stdout;
}

/** What each example has to show; local chains make it slow. */
const shows: Readonly<Record<string, readonly RegExp[]>> = {
  'sign-an-intent.mjs': [
    /^id +0x[0-9a-f]{64}$/m,
    /stands \(ecdsa\)/,
    /the id made to fit +INTENT_SIGNATURE_INVALID/,
    /after its deadline +INTENT_EXPIRED/,
  ],
  'price-a-route.mjs': [
    /^ +150 .*▇/m,
    /The route for 100 ETH: \d+\.\d\d bp, in 20 s\n(?:.*\n)* +1 ═▶ 2/,
    /is better by more than 0\.00\d+ bp/,
  ],
  'hedge-from-node.mjs': [
    /— dry run(?:.*\n)*outcome +dry-run: .*\n\n— for real/,
    /hop +bridge by across on 31337 to 31338/,
    /step +hop-\d-arrival is filled: \d+ atoms of USDC on chain 31338/,
    /outcome +hedged: /,
    /unexplained 0 atoms/,
  ],
  'embed-in-a-wallet.mjs': [
    /says no\n(?:.*\n)* +refused: INTENT_SIGNING_FAILED .*\n +transactions sent: 0\n/,
    /says yes\n(?:.*\n)* +\? Sign an intent \(Evenkeel\): change the delta by -2 ETH/,
    /simulated on the latest block: hop-0-swap: -2 WETH, \d+\.\d+ USDC/,
    /^hedged: /m,
  ],
  'grant-from-a-wallet.mjs': [
    /If the key is stolen, you lose at most 60 USDC and the gas in any day/,
    /\(a\) wallet_sendCalls: 2 calls, all or none\n\(c\) wallet_requestExecutionPermissions: evenkeel-delta-band/,
    /\(b\) user operation 0x[0-9a-f]{64}\n +signed by the wallet, included: true/,
  ],
};

test('every example is run here', () => {
  const programs = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  expect(programs.sort()).toEqual(Object.keys(shows).sort());
});

test.each(Object.entries(shows))(
  '%s does what it says',
  async (file, patterns) => {
    const text = await output(file);
    for (const pattern of patterns) expect(text).toMatch(pattern);
  },
  60_000,
);

test('the worked example of an adapter passes the suite and trades for real', async () => {
  const text = await output('write-an-adapter/run.mjs');
  expect(text).not.toMatch(/^ +failed/m);
  expect(text).toMatch(/^ +passed +quote-delivers-what-was-said$/m);
  const quoted = /quoted +([\d.]+) WETH/.exec(text)?.[1];
  expect(text).toMatch(new RegExp(`arrived +${quoted} WETH`));
}, 120_000);
