import {
  type BindingConstraint,
  type ProfileCost,
  type ProfileSolution,
  type Range,
  solveProfile,
} from '@evenkeel/core/profile';
import pc from 'picocolors';
import { loadProfileProblem } from '../config/profile-file.js';
import { money, table, units } from '../render/format.js';

export interface ProfileCommandOptions {
  readonly problem: string;
  readonly json: boolean;
}

/** The cheapest trades to a target of delta, gamma and vega; sends nothing. @returns the exit code */
export function profile({ json, problem }: ProfileCommandOptions): number {
  const solution = solveProfile(loadProfileProblem(problem));
  process.stdout.write(json ? `${JSON.stringify(solution, null, 2)}\n` : profileText(solution));
  return 0;
}

function profileText(solution: ProfileSolution): string {
  const { binding, cost, greeks, margin, status, trades } = solution;
  const costCells = (each: ProfileCost): string[] =>
    [each.execution, each.fixed, each.holding, each.total].map((value) => money(value));
  const tradeRows = trades.map(({ cost: own, instrument, margin: used, side, units: size }) => [
    side,
    units(size),
    instrument,
    ...costCells(own),
    money(used),
  ]);
  const greekRows = Object.entries(greeks).map(([greek, { after, band, before, inside }]) => [
    band === undefined ? ' ' : inside ? pc.green('✔') : pc.red('✘'),
    greek,
    rangeText(before),
    rangeText(after),
    band === undefined ? '–' : rangeText(band),
  ]);
  const lines = [
    table(
      ['side', 'units', 'instrument', 'execution', 'fixed', 'holding', 'cost', 'margin'],
      [...tradeRows, ['', '', 'all', ...costCells(cost), `${money(margin.used)} of ${money(margin.available)}`]],
      [1, 3, 4, 5, 6, 7],
    ),
    '',
    table(['', 'greek', 'before', 'after', 'band'], greekRows, [2, 3, 4]),
    '',
  ];
  if (binding.length > 0) {
    const rows = binding.map((each) => [nameOf(each), money(each.shadowPrice)]);
    lines.push(table(['what binds', 'a unit more saves'], rows, [1]), '');
  }
  lines.push((status === 'inside' ? pc.green : pc.yellow)(solution.sentence));
  return `${lines.join('\n')}\n`;
}

function nameOf(constraint: BindingConstraint): string {
  switch (constraint.kind) {
    case 'band':
      return `${constraint.end} end of the ${constraint.greek} band`;
    case 'margin':
      return 'margin';
    case 'size':
      return `${constraint.side} limit of ${constraint.instrument}`;
  }
}

function rangeText({ high, low }: Range): string {
  return low === high ? units(low) : `${units(low)} … ${units(high)}`;
}
