// The attacker that maximises: finds by bisection how far each trade can be pushed before it is refused, trades to and fro at
// that edge until the cap is used up, burns what is left of the gas budget, and climbs over the ways to do so.
import { rebalanceCall } from '@evenkeel/contracts';
import { checkOf, clockOf, sceneOperation, SCENE_GAS, sceneOrder, tryCall } from '@evenkeel/contracts/local';
import { sequenceOf } from './attacks.mjs';
import { one } from './carry-out.mjs';
import { ETH, movePool, pass, say, TRUTH } from './scene.mjs';

const STEPS = 7;
const BURNS = [9_400_000n, 7_000_000n, 5_000_000n, 3_000_000n, 1_500_000n, 700_000n, 300_000n, 100_000n];

export const firstWay = { share: 0.3, push: 0, hold: 0, feed: 0, venue: 0, wait: 0, sellFirst: true };

export function mutate(way, random) {
  const next = { ...way };
  const change = Math.floor(random() * 7);
  if (change === 0) next.share = Math.min(0.95, Math.max(0.03, way.share * (0.6 + random())));
  if (change === 1) next.push = Math.round(random() * 450);
  if (change === 2) next.hold = Math.round(random() * 900);
  if (change === 3) next.feed = Math.round((random() - 0.5) * 800);
  if (change === 4) next.venue = random() < 0.5 ? 0 : 1;
  if (change === 5) next.wait = random() < 0.5 ? 0 : Math.round(random() * 30_000);
  if (change === 6) next.sellFirst = !way.sellFirst;
  return next;
}

/** Plays one way through from the state as granted; answers what the worst window has cost. */
export async function play(victim, ledger, way, attemptsLeft) {
  const { node, scene } = victim;
  const { policy } = scene;
  ledger.begin();
  const end = ledger.attempts + attemptsLeft;
  let { sellFirst: sell } = way;
  const quoteAtoms = BigInt(Math.round(Number(policy.capAtoms) * way.share));
  // A third of what the holding may move at once is the most that goes to and fro.
  const most = (17n * ETH) / 10n;
  for (let refused = 0, trade = 0; trade < 24 && refused < 2 && ledger.attempts < end; trade++, sell = !sell) {
    if (way.wait > 0 && trade % 4 === 3) await pass(victim, way.wait);
    // The price that only one source says: at no time are both wrong.
    if (way.push > 0) {
      await movePool(victim, (sell ? -1 : 1) * way.push);
      await pass(victim, way.hold + 1);
    }
    await say(victim, way.push > 0 ? TRUTH : (TRUTH * BigInt(10_000 + (sell ? -1 : 1) * Math.abs(way.feed))) / 10_000n);
    const base = (quoteAtoms * 10n ** 12n) / 3_000n;
    const amountIn = sell ? (base < most ? base : most) : quoteAtoms < 5_000_000_000n ? quoteAtoms : 5_000_000_000n;
    const edge = await farthest(victim, ledger, way, sell, amountIn);
    if (edge === undefined) {
      refused += 1;
      continue;
    }
    await movePool(victim, (sell ? -1 : 1) * edge, way.venue);
    const order = sceneOrder(policy, (await clockOf(node)) + 1, { sell, amountIn, venue: way.venue });
    const made = sceneOperation(scene, { order, sequence: await sequenceOf(victim, 0n) });
    const check = await one(victim, ledger, made);
    refused = check === undefined ? 0 : refused + 1;
    await movePool(victim, 0, way.venue);
    if (way.venue !== 0) await movePool(victim, 0, 0);
  }
  // The holder of the key may be the bundler, too: preVerificationGas is his, at whatever price he names.
  for (const preVerificationGas of BURNS) {
    if (ledger.attempts >= end) break;
    const order = sceneOrder(policy, (await clockOf(node)) + 1, { sell: true, amountIn: 1n, minOut: 2n ** 120n });
    const change = { preVerificationGas, priorityFeeWei: SCENE_GAS.maxFeeWei, callGas: 250_000n };
    await one(victim, ledger, sceneOperation(scene, { order, change, sequence: await sequenceOf(victim, 0n) }));
  }
  return ledger.worstSoFar();
}

/** How many basis points the venue can be pushed before the trade is refused; undefined when it is refused as it is. */
async function farthest(victim, ledger, way, sell, amountIn) {
  const { node, scene } = victim;
  const accepted = async (bps) => {
    const id = await node.rpc('evm_snapshot');
    await movePool(victim, (sell ? -1 : 1) * bps, way.venue);
    const order = sceneOrder(scene.policy, await clockOf(node), { sell, amountIn, venue: way.venue });
    const call = rebalanceCall(scene.band.module, scene.policy, 0, order);
    const answer = await tryCall(node, { from: scene.self, ...call });
    ledger.note(answer.success ? undefined : checkOf(answer.data));
    await node.rpc('evm_revert', [id]);
    return answer.success;
  };
  if (!(await accepted(0))) return undefined;
  let [low, high] = [0, 700];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (await accepted(middle)) low = middle;
    else high = middle;
  }
  return low;
}
