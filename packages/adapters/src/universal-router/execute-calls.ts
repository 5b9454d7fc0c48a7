import { type Call, fromAtoms, type Hex, NATIVE_ADDRESS, sameAddress, type TokenAmount } from '@evenkeel/core';
import { approveCalls } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { isListed } from '../uniswap/config.js';
import { permit2Abi, universalRouterAbi } from './abi.js';
import type { BundlePlan, PlacedHop } from './bundle.js';
import { hopCommands } from './commands.js';
import type { UniversalRouterChain } from './config.js';
import { RouterBundleInvalidError } from './errors.js';
import { assertPermitFits, permitCommand, type RouterPermit } from './permit.js';

/** By what right the router draws the sender's tokens. */
export interface DrawRight {
  /** A signed permit, spent in the same transaction. Absent: an approval in Permit2 goes before, for accounts that batch. */
  readonly signed?: { readonly permit: RouterPermit; readonly signature: Hex };
  /**
   * How Permit2 may draw from the token itself. `exact`: an approval of what is drawn goes before. `standing`: the sender
   * has given Permit2 an allowance that stays, and the whole bundle is one transaction also without batches.
   */
  readonly allowance: 'exact' | 'standing';
}

/** Approvals where they are wanted, then the one call that does all. Pure. */
export function executeCalls(plan: BundlePlan, config: UniversalRouterChain, right: DrawRight): readonly Call[] {
  const { bundle, draws } = plan;
  const tokens = draws.filter(({ token }) => !sameAddress(token.address, NATIVE_ADDRESS));
  if (right.signed !== undefined) assertPermitFits(right.signed.permit, plan, config);
  const permit = right.signed === undefined ? [] : [permitCommand(right.signed.permit, right.signed.signature)];
  const commands = [...permit, ...hopCommands(plan, config)];
  const data = universalRouterAbi.encodeFunctionData('execute', [
    `0x${commands.map(({ command }) => command).join('')}`,
    commands.map(({ input }) => input),
    bundle.deadline,
  ]) as Hex;
  const value = draws.find(({ token }) => sameAddress(token.address, NATIVE_ADDRESS))?.atoms ?? 0n;
  return deepFreeze([
    ...(right.allowance === 'standing' ? [] : tokens.flatMap((draw) => approval(draw, config))),
    ...(right.signed === undefined ? tokens.map((draw) => inPermit2(draw, config, bundle.deadline)) : []),
    {
      chainId: bundle.chainId,
      to: config.universalRouter,
      data,
      valueWei: value,
      purpose: 'action',
      description: plan.hops.map(sentence).join(', then '),
    },
  ] satisfies Call[]);
}

function approval({ atoms, token }: TokenAmount, config: UniversalRouterChain): readonly Call[] {
  return approveCalls(token, config.permit2, atoms, isListed(token, config.resetAllowance));
}

function inPermit2({ atoms, token }: TokenAmount, config: UniversalRouterChain, deadline: number): Call {
  if (atoms >= 1n << 160n) {
    throw new RouterBundleInvalidError('bundle.hops', atoms, 'draw more than Permit2 can count', 'Draw less.');
  }
  return {
    chainId: token.chainId,
    to: config.permit2,
    data: permit2Abi.encodeFunctionData('approve', [token.address, config.universalRouter, atoms, deadline]) as Hex,
    valueWei: 0n,
    purpose: 'approve',
    description: `let the Universal Router take ${fromAtoms(token, atoms)} ${token.symbol} through Permit2`,
  };
}

function sentence({ amountIn, deposit, hop, tokenIn }: PlacedHop): string {
  const input = `${fromAtoms(tokenIn, amountIn)} ${tokenIn.symbol}`;
  if (hop.kind === 'swap') return `swap ${input} for ${hop.tokenOut.symbol} on ${hop.pool.adapter}`;
  return `deposit ${input} on Across for chain ${deposit!.bridgedToken.chainId}`;
}
