// Create an intent, sign it, verify it, and see tampering refused. No network.
//   node examples/sign-an-intent.mjs
import { randomBytes } from 'node:crypto';
import {
  createIntent,
  EvenkeelError,
  hashIntent,
  signedIntentToJson,
  signIntent,
  verifyIntent,
} from '@evenkeel/intents';
import { Wallet } from 'ethers';

const owner = Wallet.createRandom();
const nowSeconds = Math.floor(Date.now() / 1000);

// WHAT is wanted: sell 1.25 ETH of delta, so that it ends within ±0.5. Nothing says how.
const intent = createIntent(
  {
    underlying: 'ETH',
    deltaChangeUnits: '-1.25',
    postTradeDelta: { low: '-0.5', high: '0.5' },
    exposureHash: `0x${'11'.repeat(32)}`, // keccak256 of the exposure that this corrects
    spending: [
      {
        chainId: 42161,
        token: '0x82aF49447D8a07e3bd95BD0d56f35241523fBab1', // WETH on Arbitrum
        maxSpend: 1_250_000_000_000_000_000n, // atoms: 1.25 WETH
        recipient: owner.address,
      },
    ],
    maxCostBps: 40,
    referencePrice: { source: 'pool-median', price: '3000' },
    adapters: ['uniswap-v3', 'across'],
    schedule: { kind: 'twap', parts: 4, spanSeconds: 600 },
    partialFill: 'allowed',
    deadline: nowSeconds + 1800,
    signer: owner.address,
  },
  // currentDelta: all that the delta may be now. An intent that cannot lead into its own interval is refused here.
  { nowSeconds, random: { bytes: (length) => randomBytes(length) }, currentDelta: { low: '1.0', high: '1.5' } },
);

const signed = await signIntent(intent, owner);
const { scheme } = await verifyIntent(signed, { nowSeconds });
console.log(`id         ${signed.id}`);
console.log(`signer     ${signed.intent.signer}`);
console.log(`signature  ${signed.signature.slice(0, 42)}… stands (${scheme})`);
console.log(`as JSON    ${JSON.stringify(signedIntentToJson(signed)).length} characters, bigints as strings`);

console.log('\nWhat is refused:');
const changed = { ...intent, maxCostBps: 400 };
await refused('a dearer trade under the same id', () => verifyIntent({ ...signed, intent: changed }, { nowSeconds }));
const thief = Wallet.createRandom();
const [limit] = intent.spending;
const redirected = { ...intent, spending: [{ ...limit, recipient: thief.address }] };
await refused('another recipient, with the id made to fit', () =>
  verifyIntent({ ...signed, intent: redirected, id: hashIntent(redirected) }, { nowSeconds }),
);
await refused("a stranger's signature on the owner's intent", () => signIntent(intent, thief));
await refused('the right intent after its deadline', () => verifyIntent(signed, { nowSeconds: intent.deadline + 1 }));
await refused('a number that is no plain decimal', () => signIntent({ ...intent, deltaChangeUnits: '1e3' }, owner));

/** Runs what must fail; fails itself when it does not. */
async function refused(what, attempt) {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    console.log(`  ${what.padEnd(44)} ${error.code}`);
    return;
  }
  throw new Error(`Accepted: ${what}`);
}
