import type { BatchDemo, Saving } from '../batch/demo/run.js';
import { distributionText } from '../batch/demo/participants.js';
import { heading, money, shortHex, table, units } from './format.js';

/** The comparison of a batch with everybody trading alone, for people. */
export function batchText(demo: BatchDemo): string {
  const { clearing, needs } = demo;
  return [
    heading(1, 'Needs'),
    distributionText(needs),
    heading(2, 'Each participant'),
    table(['owner', 'delta', 'chain', 'alone', 'together', 'saving', 'left'], demo.savings.map(rowOf)),
    heading(3, 'Alone and together'),
    needs.sameSign ? IN_TURN : UNTOUCHED,
    table(
      ['', 'alone', 'together', 'less'],
      [
        [
          'gas',
          Math.round(demo.gasAlone).toLocaleString('en'),
          demo.gasTogether.toLocaleString('en'),
          lessOf(demo.gasAlone, demo.gasTogether),
        ],
        [
          'cost, gas included',
          money(demo.costAlone),
          money(demo.costTogether),
          lessOf(demo.costAlone, demo.costTogether),
        ],
      ],
    ),
    `Crossed between participants: ${(100 * clearing.nettedShare).toFixed(1)} % of what was traded. Worst saving: ${worstSavingBps(demo).toFixed(3)} bp.`,
    floorText(demo),
    ...waysText(demo),
    `Fees less gas of whoever settles: ${money(demo.solverGain)}.`,
    `Allowances stand for ever and are charged to neither side: alone to the routers, together to ${demo.choice === undefined ? 'the relayer' : "the relayer and the owner's account"}, ${Math.round(demo.allowanceGas).toLocaleString('en')} gas each.`,
  ].join('\n\n');
}

/** Basis points that the one who gains least saves; below zero somebody would be worse off. */
export function worstSavingBps({ savings }: BatchDemo): number {
  return savings.reduce((worst, { savingBps }) => Math.min(worst, savingBps), Number.POSITIVE_INFINITY);
}

const UNTOUCHED =
  'Alone: each trades by its own best route on a market that is restored before each. Who would pay more together than ' +
  'so stays out, waits for the market to recover, and pays what it pays alone.';
const IN_TURN =
  'Alone: all trade at this moment, one after another, each by its own best route on the market that those before leave; ' +
  'the average over eight orders of turns.';

function rowOf({ alone, left, participant, savingBps, together }: Saving): string[] {
  const { chainIds, intent } = participant;
  return [
    shortHex(intent.signer),
    `${units(intent.deltaChangeUnits)} ETH`,
    chainIds.join(' or '),
    money(alone.cost),
    money(together),
    `${savingBps.toFixed(2)} bp`,
    left,
  ];
}

function floorText({ floor, savings, settledGas, way }: BatchDemo): string {
  const members = savings.filter(({ left }) => left === '');
  const settled = members.length;
  const chains = new Set(members.map(({ participant }) => participant.chainIds[0])).size;
  const least = settled * floor.perOrder + chains * floor.perSettlement;
  const number = (gas: number): string => Math.round(gas).toLocaleString('en');
  return (
    `Floor: ${way === 'gpv2' ? 'GPv2Settlement' : "the owner's operation"} itself takes ${number(floor.perOrder)} gas an order and ${number(floor.perSettlement)} a settlement, ` +
    `${number(least)} for ${settled} orders on ${chains} chains; ` +
    `the settlements took ${number(settledGas)}, ${((100 * settledGas) / least - 100).toFixed(1)} % more.`
  );
}

/** What the same batch takes either way, and why it was settled as it was. */
function waysText({ choice }: BatchDemo): readonly string[] {
  if (choice === undefined) return [];
  const gas = choice.measured.map(({ gas: units, way }) => {
    const name = way === 'gpv2' ? 'GPv2Settlement' : "the owner's operation";
    return `${name} ${units === undefined ? 'does not hold' : `${units.toLocaleString('en')} gas`}`;
  });
  return [`The same fills settled both ways: ${gas.join(', ')}. ${choice.sentence}`];
}

function lessOf(alone: number, together: number): string {
  return `${(100 * (1 - together / alone)).toFixed(1)} %`;
}
