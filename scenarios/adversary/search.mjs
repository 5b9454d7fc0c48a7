// The attacker that maximises. One way to attack is a handful of numbers; a play carries it out from the state as granted:
// it finds by bisection how far each trade can be pushed before it is refused, trades to and fro at that edge, makes the last
// trade as large as the cap still allows, and burns what is left of the gas budget. The climb keeps the best way found, and
// changes it.
import { rebalanceCall } from '@evenkeel/contracts';
import {
  checkOf,
  clockOf,
  handleOpsCalldata,
  sceneOperation,
  SCENE_GAS,
  sceneOrder,
  tryCall,
} from '@evenkeel/contracts/local';
import { planPool, sequenceOf } from './attacks.mjs';
import { one } from './carry-out.mjs';
import { ETH, movePool, pass, say, TRUTH, USDC } from './scene.mjs';

const STEPS = 9;
/** Less is not worth an operation, in atoms of USDC and in gas. */
const LEAST = { quoteAtoms: 50n * USDC, gas: 20_000n };
const HOSTILE = 2;

export const firstWay = Object.freeze({
  share: 0.3,
  push: 0,
  hold: 0,
  feed: 0,
  venue: 0,
  wait: 0,
  sellFirst: true,
  burnFirst: false,
  callGas: 400_000,
});

const uniform = (random, low, high) => low + random() * (high - low);
const CHANGES = {
  share: (way, random) => Math.min(0.4, Math.max(0.05, way.share * uniform(random, 0.6, 1.6))),
  push: (way, random) => (random() < 0.5 ? 0 : Math.round(uniform(random, 0, 450))),
  hold: (_, random) => Math.round(uniform(random, 0, 900)),
  feed: (_, random) => (random() < 0.5 ? 0 : Math.round(uniform(random, -400, 400))),
  venue: (_, random) => Math.floor(uniform(random, 0, 3)),
  wait: (_, random) => (random() < 0.5 ? 0 : Math.round(uniform(random, 0, 30_000))),
  sellFirst: (way) => !way.sellFirst,
  burnFirst: (way) => !way.burnFirst,
  callGas: (way, random) => Math.round(Math.min(400_000, Math.max(180_000, way.callGas * uniform(random, 0.7, 1.2)))),
};

/** The way with one or two of its numbers changed. */
export function mutate(way, random) {
  const next = { ...way };
  const names = Object.keys(CHANGES);
  for (let count = random() < 0.5 ? 1 : 2; count > 0; count--) {
    const name = names[Math.floor(random() * names.length)];
    next[name] = CHANGES[name](next, random);
  }
  return next;
}

/** Any way at all: so that a climb does not end on the next hill. */
export function anyWay(random) {
  return Object.fromEntries(
    Object.entries(CHANGES).map(([name, change]) => {
      const turned = typeof firstWay[name] === 'boolean' && random() < 0.5;
      return [name, turned ? firstWay[name] : change(firstWay, random)];
    }),
  );
}

/** Plays one way through from the state as granted; answers what the worst window has cost. */
export async function play(victim, ledger, way, attemptsLeft) {
  ledger.begin();
  const until = ledger.attempts + attemptsLeft;
  if (way.burnFirst) await burn(victim, ledger, until);
  await trade(victim, ledger, way, until);
  if (!way.burnFirst) await burn(victim, ledger, until);
  return ledger.worstSoFar();
}

async function trade(victim, ledger, way, until) {
  const { node, scene } = victim;
  const { policy } = scene;
  let { sellFirst: sell } = way;
  let quoteAtoms = BigInt(Math.round(Number(policy.capAtoms) * way.share));
  let guess = policy.lossBps;
  for (let count = 0; count < 24 && quoteAtoms >= LEAST.quoteAtoms && ledger.attempts < until; count++) {
    if (way.wait > 0 && count % 4 === 3) await pass(victim, way.wait);
    // The price that only one source says: at no time are both wrong.
    if (way.push > 0) {
      await movePool(victim, (sell ? -1 : 1) * way.push);
      await pass(victim, way.hold + 1);
    }
    await say(victim, way.push > 0 ? TRUTH : (TRUTH * BigInt(10_000 + (sell ? -1 : 1) * Math.abs(way.feed))) / 10_000n);
    const attack = { way, sell, quoteAtoms };
    const edge = await farthest(victim, ledger, attack, guess);
    if (edge === undefined) {
      // Too large, for the cap or for the interval: as much as still fits.
      quoteAtoms /= 2n;
      sell = !sell;
      continue;
    }
    guess = edge;
    await pushVenue(victim, attack, edge);
    const order = orderOf(policy, (await clockOf(node)) + 1, attack);
    const change = { callGas: BigInt(way.callGas) };
    const check = await one(
      victim,
      ledger,
      sceneOperation(scene, { order, change, sequence: await sequenceOf(victim, 0n) }),
    );
    await restoreVenue(victim, way);
    if (check !== undefined) quoteAtoms /= 2n;
    sell = !sell;
  }
}

function orderOf(policy, now, { quoteAtoms, sell, way }) {
  const amountIn = sell ? (quoteAtoms * 10n ** 12n) / 3_000n : quoteAtoms;
  return sceneOrder(policy, now, { sell, amountIn, venue: way.venue });
}

/** Has the venue give so much less than the truth: by moving it, or as its owner. */
async function pushVenue(victim, { quoteAtoms, sell, way }, bps) {
  if (way.venue !== HOSTILE) return movePool(victim, (sell ? -1 : 1) * bps, way.venue);
  const { usdc, weth } = victim.scene;
  const fair = sell ? quoteAtoms : (quoteAtoms * 10n ** 12n) / 3_000n;
  const amount = (fair * BigInt(Math.round((10_000 - bps) * 1e6))) / 10n ** 10n;
  return planPool(victim, { amount, gives: sell ? usdc : weth });
}

async function restoreVenue(victim, { venue }) {
  if (venue !== HOSTILE) await movePool(victim, 0, venue);
  if (venue !== 0) await movePool(victim, 0, 0);
}

/** How many basis points the venue can be pushed before the trade is refused; undefined when it is refused as it is. */
async function farthest(victim, ledger, attack, guess) {
  const { node, scene } = victim;
  const accepted = async (bps) => {
    const id = await node.rpc('evm_snapshot');
    await pushVenue(victim, attack, bps);
    const order = orderOf(scene.policy, await clockOf(node), attack);
    const answer = await tryCall(node, {
      from: scene.self,
      ...rebalanceCall(scene.band.module, scene.policy, 0, order),
    });
    ledger.note(answer.success ? undefined : checkOf(answer.data));
    await node.rpc('evm_revert', [id]);
    return answer.success;
  };
  if (!(await accepted(0))) return undefined;
  let [low, high] = [0, 700];
  // The last edge tells where the next one is.
  for (const near of [guess * 0.97, guess * 1.03]) {
    if (near <= low || near >= high) continue;
    if (await accepted(near)) low = near;
    else high = near;
  }
  for (let step = 0; step < STEPS && high - low > 0.01; step++) {
    const middle = (low + high) / 2;
    if (await accepted(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The holder of the key may be the bundler, too: preVerificationGas is his, at whatever price he names. */
async function burn(victim, ledger, until) {
  const { entryPoint, node, policy } = { ...victim.scene, node: victim.node };
  const operation = async (preVerificationGas) => {
    const order = sceneOrder(policy, (await clockOf(node)) + 1, { sell: true, amountIn: 1n, minOut: 2n ** 120n });
    const change = {
      preVerificationGas,
      priorityFeeWei: SCENE_GAS.maxFeeWei,
      callGas: 100_000n,
      verificationGas: 64_000n,
    };
    return sceneOperation(victim.scene, { order, change, sequence: await sequenceOf(victim, 0n) });
  };
  const accepted = async (preVerificationGas) => {
    const data = handleOpsCalldata([await operation(preVerificationGas)], victim.attacker);
    const answer = await tryCall(node, { from: victim.attacker, to: entryPoint, data });
    ledger.note(answer.success ? undefined : checkOf(answer.data));
    return answer.success;
  };
  while (ledger.attempts < until && (await accepted(LEAST.gas))) {
    let [low, high] = [LEAST.gas, policy.gasBudgetWei / SCENE_GAS.maxFeeWei];
    for (let step = 0; step < STEPS && high - low > LEAST.gas; step++) {
      const middle = (low + high) / 2n;
      if (await accepted(middle)) low = middle;
      else high = middle;
    }
    await one(victim, ledger, await operation(low));
  }
}
