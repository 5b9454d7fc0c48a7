// One attempt, on the real chain: what the entry point (or the module, past the validator) makes of it, and what is lost.
import { attempt, checkOf, clockOf, tryCall } from '@evenkeel/contracts/local';
import { ATTACKS } from './attacks.mjs';
import { worthOf } from './scene.mjs';

/** Carries out what an attack of this kind comes up with now. */
export async function carryOut(victim, ledger, random, kind) {
  const made = await ATTACKS[kind](victim, random);
  const checks = [];
  for (const each of Array.isArray(made) ? made : [made]) checks.push(await one(victim, ledger, each));
  return checks;
}

export async function one(victim, ledger, made) {
  const { node, scene, attacker } = victim;
  if (made.call !== undefined) return directly(victim, ledger, made.call);
  let before = 0n;
  const result = await attempt(node, scene.entryPoint, made, attacker, async () => {
    before = await worthOf(victim);
  });
  if (result.kind === 'refused') {
    ledger.note(result.check);
    return result.check;
  }
  const loss = before - (await worthOf(victim));
  const check = result.kind === 'reverted' ? result.check : undefined;
  ledger.note(check, await clockOf(node), loss);
  return check;
}

async function directly({ node }, ledger, call) {
  const answer = await tryCall(node, call);
  const check = answer.success ? undefined : checkOf(answer.data);
  ledger.note(check);
  if (answer.success) throw new Error(`A call past the validator went through: ${call.data.slice(0, 10)}`);
  return check;
}

/** Comes back to a state any number of times. */
export async function checkpoint(node) {
  let id = await node.rpc('evm_snapshot');
  return async () => {
    await node.rpc('evm_revert', [id]);
    id = await node.rpc('evm_snapshot');
  };
}
